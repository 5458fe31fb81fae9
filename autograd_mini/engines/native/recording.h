/* Recording: while a thread records, each node that it makes goes on a tape, and each comparison. */

/* A comparison; each side is a Value, or NULL and a number. */
typedef struct {
    size_t place; /* how many nodes were on the tape before it */
    Node *values[2];
    double numbers[2];
    int comparison, outcome;
} Guard;

typedef struct Recorder {
    struct Recorder *next;
    uint64_t thread;
    uint64_t since;           /* what `leaves_made` was: older leaves are inputs or parameters */
    uint64_t steady, varying; /* marks: what a Value depends on is known, constants only or not */
    PyObject *inputs;         /* a tuple of Values */
    struct {
        Node **items;
        size_t count, capacity;
    } tape;
    struct {
        Guard *items;
        size_t count, capacity;
    } guards;
    PyObject *asides;         /* dict: a choice -> its first operands, through which no derivative
                                 goes; the node has their numbers as constants */
} Recorder;

/* Words for what is refused while a thread records. */
static PyObject *reading_data, *reading_grad, *reading_has_grad, *reading_partials;
static PyObject *reading_gradients, *writing_data, *writing_grad, *calling_backward;

/* Return the recording of this thread, or NULL. */
static Recorder *
find_recorder(void)
{
    if (!recorders)
        return NULL;
    const uint64_t thread = PyThreadState_GetID(PyThreadState_Get());
    Recorder *recorder = recorders;
    while (recorder && recorder->thread != thread)
        recorder = recorder->next;
    return recorder;
}

/* Put a new node on the tape; if memory has run out, free it, raise an error and return -1. */
static int
record_node(Node *node)
{
    Recorder *recorder = find_recorder();
    if (!recorder)
        return 0;
    if (CANNOT_GROW(&recorder->tape)) {
        node_release(node);
        PyErr_NoMemory();
        return -1;
    }
    recorder->tape.items[recorder->tape.count++] = (Node *)Py_NewRef((PyObject *)node);
    return 0;
}

/* Note a comparison of a Value with a Value, or with NULL and a number. */
static int
record_comparison(int comparison, Node *x, Node *y, double number, int outcome)
{
    static const int numbers[] = {[Py_LT] = 0, [Py_LE] = 1, [Py_GT] = 2, [Py_GE] = 3};
    Recorder *recorder = find_recorder();
    if (!recorder)
        return 0;
    if (CANNOT_GROW(&recorder->guards)) {
        PyErr_NoMemory();
        return -1;
    }
    recorder->guards.items[recorder->guards.count++] = (Guard){
        recorder->tape.count,
        {(Node *)Py_NewRef((PyObject *)x), (Node *)Py_XNewRef((PyObject *)y)},
        {0.0, number},
        numbers[comparison],
        outcome,
    };
    return 0;
}

/* --- what depends on inputs or parameters ------------------------------------------------------ */

static int
is_choice(const Node *node)
{
    return node->op == OP_CUSTOM && (PyObject *)Py_TYPE(node->operands[1].row) == choice_type;
}

/* Return whether a Value is known to depend on inputs or parameters without a walk. */
static int
is_varying(const Recorder *recorder, const Node *node)
{
    if (node->op == LEAF)
        return node->operands[0].birth >> 1 < recorder->since;
    return node->mark == recorder->varying
           || is_choice(node);
}

/* Return whether a Value depends on inputs or parameters; -1 without memory. What the walk finds out
   is marked, so that all walks together visit each node once, unless passes change the marks. */
static int
depends(const Recorder *recorder, Node *root)
{
    struct {
        struct {
            Node *node;
            Py_ssize_t next;
        } *items;
        size_t count, capacity;
    } path = {NULL, 0, 0};
    int found = is_varying(recorder, root);
    if (found || root->op == LEAF || root->mark == recorder->steady)
        return found;
    Node *node = root;
    Py_ssize_t next = 0;
    while (node && !found) {
        Py_ssize_t count;
        Operand *operands = operands_of(node, &count);
        Node *operand = NULL;
        while (next < count && !operand) {
            operand = operands[next++].value;
            if (!operand)
                continue;
            found = is_varying(recorder, operand);
            if (!found && (operand->op == LEAF || operand->mark == recorder->steady))
                operand = NULL;
        }
        if (found)
            node->mark = recorder->varying;
        else if (operand) {
            if (CANNOT_GROW(&path)) {
                found = -1;
                break;
            }
            path.items[path.count].node = node;
            path.items[path.count++].next = next;
            node = operand;
            next = 0;
        }
        else {
            node->mark = recorder->steady;
            node = path.count ? path.items[--path.count].node : NULL;
            next = node ? path.items[path.count].next : 0;
        }
    }
    if (found > 0)
        for (size_t i = 0; i < path.count; i++)
            path.items[i].node->mark = recorder->varying;
    PyMem_RawFree(path.items);
    if (found < 0)
        PyErr_NoMemory();
    return found;
}

/* Raise the error for what would be frozen into a recording. */
static void
raise_refusal(Node *node, PyObject *reading)
{
    raise_from(PyObject_CallFunctionObjArgs(refusal, (PyObject *)node, reading, NULL));
}

/* Refuse what would be frozen into the recording of this thread: return -1 with an error. */
static int
refuse_varying(Node *node, PyObject *reading)
{
    Recorder *recorder = find_recorder();
    const int found = recorder ? depends(recorder, node) : 0;
    if (found > 0)
        raise_refusal(node, reading);
    return found ? -1 : 0;
}

#define IS_FROZEN(node, reading) (recorders && refuse_varying(node, reading) < 0)

/* Refuse to set a number, also of a constant: what was computed from it has the old number. */
static int
refuse_writing(Node *node)
{
    if (!find_recorder())
        return 0;
    raise_refusal(node, writing_data);
    return -1;
}

/* Value._refuse(reading) */
static PyObject *
refuse_reading(PyObject *self, PyObject *reading)
{
    return IS_FROZEN((Node *)self, reading) ? NULL : Py_NewRef(Py_None);
}

/* is_frozen(x): whether this thread records, and a Value depends on inputs or parameters. */
static PyObject *
is_frozen(PyObject *Py_UNUSED(module), PyObject *given)
{
    Recorder *recorder = IS_VALUE(given) ? find_recorder() : NULL;
    const int found = recorder ? depends(recorder, (Node *)given) : 0;
    return found < 0 ? NULL : PyBool_FromLong(found);
}

static PyObject *
is_recording(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(nothing))
{
    return PyBool_FromLong(find_recorder() != NULL);
}

/* count_guards(): how many comparisons this thread has recorded. */
static PyObject *
count_guards(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(nothing))
{
    const Recorder *recorder = find_recorder();
    return PyLong_FromSize_t(recorder ? recorder->guards.count : 0);
}

/* set_aside(node, operands): the first operands of a choice, the last node on the tape, of which the
   node has only the numbers. */
static PyObject *
set_aside(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    PyObject *node, *operands;
    if (!PyArg_ParseTuple(arguments, "OO!", &node, &PyTuple_Type, &operands))
        return NULL;
    Recorder *recorder = find_recorder();
    const size_t count = recorder ? recorder->tape.count : 0;
    if (!count || (PyObject *)recorder->tape.items[count - 1] != node) {
        PyErr_SetString(PyExc_RuntimeError, "set_aside: node must be the last one on the tape");
        return NULL;
    }
    if (PyDict_SetItem(recorder->asides, node, operands) < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* operands_aside(node): what was set aside for a node of this recording; of another node, (). */
static PyObject *
operands_aside(PyObject *Py_UNUSED(module), PyObject *node)
{
    Recorder *recorder = find_recorder();
    PyObject *operands = recorder ? PyDict_GetItemWithError(recorder->asides, node) : NULL;
    if (operands)
        return Py_NewRef(operands);
    return PyErr_Occurred() ? NULL : PyTuple_New(0);
}

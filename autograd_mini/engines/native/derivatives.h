/* Derivatives that are returned, where a backward pass stores them; `autograd_mini.engines.sweeps`
   is the reference. A sweep keeps its numbers in the gradients of the nodes, and restores these
   before any Python code can run. */

/* A leaf has its birth, the number of leaves that were made before it, where other nodes have the
   number of their first operand; an argument of a transform that was made from a Value, an identity,
   has that of its second operand for this. The lowest bit says whether its `.data` was read. */
static uint64_t leaves_made;

enum { READ = 1 };

static inline void
give_birth(Node *leaf)
{
    leaf->operands[0].birth = leaves_made++ << 1;
}

/* Note that the number of a Value was read, after which its derivative may be lost. */
static inline void
note_reading(Node *node)
{
    if (node->op == LEAF)
        node->operands[0].birth |= READ;
    else if (node->op == OP_identity)
        node->operands[1].birth |= READ;
}

static PyObject *
count_leaves(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(nothing))
{
    return PyLong_FromUnsignedLongLong(leaves_made);
}

static PyObject *
make_argument(PyObject *given)
{
    Node *node = NULL;
    if (IS_VALUE(given)) {
        node = (Node *)unary_node(OP_identity, identity_value, identity_dx, (Node *)given);
        if (node)
            node->operands[1].birth = 0;
    }
    else if (PyFloat_CheckExact(given)) {
        node = node_new(LEAF);
        if (node) {
            node->data = PyFloat_AS_DOUBLE(given);
            node->operands[0].value = node->operands[1].value = NULL;
            give_birth(node);
        }
    }
    else
        PyErr_Format(PyExc_TypeError, "an argument must be a Value or a float, got %R", given);
    return (PyObject *)node;
}

/* make_arguments(items): a new Value for each Value or float of a list. */
static PyObject *
make_arguments(PyObject *Py_UNUSED(module), PyObject *items)
{
    PyObject *made = PyList_Check(items) ? PyList_New(PyList_GET_SIZE(items))
                                         : PyErr_Format(PyExc_TypeError, "items must be a list");
    for (Py_ssize_t i = 0; made && i < PyList_GET_SIZE(made); i++) {
        PyObject *node = make_argument(PyList_GET_ITEM(items, i));
        if (node)
            PyList_SET_ITEM(made, i, node);
        else
            Py_CLEAR(made);
    }
    return made;
}

/* number_of(x): the number of a Value, or a float as it is. */
static PyObject *
number_of(PyObject *Py_UNUSED(module), PyObject *given)
{
    return IS_VALUE(given) ? PyFloat_FromDouble(((Node *)given)->data) : Py_NewRef(given);
}

/* were_read(arguments): whether `.data` of one of them was read. */
static PyObject *
were_read(PyObject *Py_UNUSED(module), PyObject *iterable)
{
    PyObject *values = take_values(iterable);
    if (!values)
        return NULL;
    uint64_t flags = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(values); i++) {
        Node *node = VALUE_AT(values, i);
        flags |= node->operands[node->op != LEAF].birth;
    }
    Py_DECREF(values);
    return PyBool_FromLong(flags & READ);
}

/* The arguments of a sweep: lists of Values and of one float for each. */
typedef struct {
    PyObject *outputs, *inputs, *numbers;
    uint64_t since;
} Sweep;

static int
is_list_of_values(PyObject *list)
{
    int fits = PyList_Check(list);
    for (Py_ssize_t i = 0; fits && i < PyList_GET_SIZE(list); i++)
        fits = IS_VALUE(PyList_GET_ITEM(list, i));
    return fits;
}

static int
is_list_of_floats(PyObject *list, PyObject *others)
{
    int fits = PyList_Check(list) && PyList_GET_SIZE(list) == PyList_GET_SIZE(others);
    for (Py_ssize_t i = 0; fits && i < PyList_GET_SIZE(list); i++)
        fits = PyFloat_CheckExact(PyList_GET_ITEM(list, i));
    return fits;
}

/* Read (outputs, inputs, numbers, since, where); there is a number for each Value of `with_numbers`,
   the first or the second list. Return whether they are as the reference passes them. */
static int
read_sweep(PyObject *const *arguments, Py_ssize_t given, int with_numbers, Sweep *sweep)
{
    if (given != 5 || !is_list_of_values(arguments[0]) || !is_list_of_values(arguments[1])
        || !is_list_of_floats(arguments[2], arguments[with_numbers])) {
        PyErr_SetString(PyExc_TypeError, "a sweep takes two lists of Values and a list of floats");
        return 0;
    }
    *sweep = (Sweep){arguments[0], arguments[1], arguments[2], 0};
    sweep->since = PyLong_AsUnsignedLongLong(arguments[3]);
    return !PyErr_Occurred();
}

#define LIST_VALUE(list, i) ((Node *)PyList_GET_ITEM(list, i))

/* Walk over the graph of the outputs; return 1 if all its leaves are younger than the sweep says, 0
   if one is not, -1 if memory has run out. */
static int
walk_from(const Sweep *sweep, uint64_t pass)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(sweep->outputs); i++)
        if (!walk(LIST_VALUE(sweep->outputs, i), pass))
            return -1;
    for (size_t i = 0; i < leaves.count; i++)
        if (leaves.items[i].node->operands[0].birth >> 1 < sweep->since)
            return 0;
    return 1;
}

/* Put the numbers that a sweep has found for some Values in a list; return whether all are finite,
   or -1 if memory has run out. */
static int
gather(PyObject *values, uint64_t pass, PyObject *list)
{
    int finite = 1;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(values); i++) {
        Node *node = LIST_VALUE(values, i);
        const double found = node->mark == pass ? node->grad : 0.0;
        PyObject *number = PyFloat_FromDouble(found);
        if (!number)
            return -1;
        PyList_SET_ITEM(list, i, number);
        finite &= isfinite(found) != 0;
    }
    return finite;
}

/* End a sweep: restore all gradients, and return the list; None if a leaf is too old. The reference
   takes over if a number is not finite, and raises an error if that is due. */
static PyObject *
end_sweep(int young, int finite, PyObject *list, PyObject *reference_sweep,
          PyObject *const *arguments)
{
    undo(nodes);
    undo(leaves);
    release_lists();
    if (young > 0 && finite > 0)
        return list;
    Py_DECREF(list);
    if (young < 0 || finite < 0)
        return PyErr_NoMemory();
    if (young == 0)
        Py_RETURN_NONE;
    PyObject *zero = PyLong_FromLong(0); /* no leaf is too old */
    if (!zero)
        return NULL;
    PyObject *again[] = {arguments[0], arguments[1], arguments[2], zero, arguments[4]};
    PyObject *result = PyObject_Vectorcall(reference_sweep, again, 5, NULL);
    Py_DECREF(zero);
    return result;
}

/* sweep_back(outputs, inputs, seeds, since, where): the derivatives of Σ seed · output. */
static PyObject *
sweep_back(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t given)
{
    Sweep sweep;
    if (!read_sweep(arguments, given, 0, &sweep))
        return NULL;
    PyObject *list = PyList_New(PyList_GET_SIZE(sweep.inputs)); /* before the walk: it may run Python */
    if (!list)
        return NULL;
    const uint64_t pass = ++passes;
    const int young = walk_from(&sweep, pass);
    int finite = 1;
    if (young > 0) {
        for (Py_ssize_t i = 0; i < PyList_GET_SIZE(sweep.outputs); i++)
            LIST_VALUE(sweep.outputs, i)->grad +=
                PyFloat_AS_DOUBLE(PyList_GET_ITEM(sweep.numbers, i));
        apply_chain_rule();
        finite = gather(sweep.inputs, pass, list);
    }
    return end_sweep(young, finite, list, reference_sweep_back, arguments);
}

/* sweep_forward(outputs, inputs, tangents, since, where): the outputs' derivatives along the
   tangents of the inputs, which are leaves. */
static PyObject *
sweep_forward(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t given)
{
    Sweep sweep;
    if (!read_sweep(arguments, given, 1, &sweep))
        return NULL;
    PyObject *list = PyList_New(PyList_GET_SIZE(sweep.outputs));
    if (!list)
        return NULL;
    const uint64_t pass = ++passes;
    const int young = walk_from(&sweep, pass);
    int finite = 1;
    if (young > 0) {
        for (Py_ssize_t i = 0; i < PyList_GET_SIZE(sweep.inputs); i++)
            if (LIST_VALUE(sweep.inputs, i)->mark == pass)
                LIST_VALUE(sweep.inputs, i)->grad +=
                    PyFloat_AS_DOUBLE(PyList_GET_ITEM(sweep.numbers, i));
        for (size_t i = 0; i < nodes.count; i++) {
            Node *node = nodes.items[i].node;
            Py_ssize_t count;
            Operand *operands = operands_of(node, &count);
            double tangent = 0.0;
            for (Py_ssize_t j = 0; j < count; j++)
                if (operands[j].value)
                    tangent += operands[j].number * operands[j].value->grad;
            node->grad = tangent;
        }
        finite = gather(sweep.outputs, pass, list);
    }
    return end_sweep(young, finite, list, reference_sweep_forward, arguments);
}

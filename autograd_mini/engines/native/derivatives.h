/* Derivatives that are returned, where a backward pass stores them; `autograd_mini.engines.sweeps`
   is the reference. A sweep keeps its numbers in the gradients of the nodes, and restores these
   before any Python code can run. */

static PyObject *
count_leaves(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(nothing))
{
    return PyLong_FromUnsignedLongLong(leaves_made);
}

static Node *
make_leaf(double number)
{
    Node *leaf = node_new(LEAF);
    if (!leaf)
        return NULL;
    leaf->data = number;
    leaf->operands[0].value = leaf->operands[1].value = NULL;
    give_birth(leaf);
    return leaf;
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
    else if (PyFloat_CheckExact(given))
        node = make_leaf(PyFloat_AS_DOUBLE(given));
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

/* What a sweep goes over: Values, and a float for each output or for each input; or NULL for 1. */
typedef struct {
    PyObject *const *outputs, *const *inputs, *const *numbers;
    Py_ssize_t output_count, input_count;
    uint64_t since, pass;
    int young;  /* whether all leaves are at least as young as `since` says; -1 without memory */
    int finite; /* whether all results are finite; -1 without memory */
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

/* Read (outputs, inputs, numbers, since, where); there is a number for each Value of `numbered`,
   the first or the second list. Return whether they are as the reference passes them. */
static int
read_sweep(PyObject *const *arguments, Py_ssize_t given, int numbered, Sweep *sweep)
{
    if (given != 5 || !is_list_of_values(arguments[0]) || !is_list_of_values(arguments[1])
        || !is_list_of_floats(arguments[2], arguments[numbered])) {
        PyErr_SetString(PyExc_TypeError, "a sweep takes two lists of Values and a list of floats");
        return 0;
    }
    *sweep = (Sweep){PySequence_Fast_ITEMS(arguments[0]), PySequence_Fast_ITEMS(arguments[1]),
                     PySequence_Fast_ITEMS(arguments[2]), PyList_GET_SIZE(arguments[0]),
                     PyList_GET_SIZE(arguments[1]), PyLong_AsUnsignedLongLong(arguments[3]), 0, 0, 1};
    return !PyErr_Occurred();
}

/* Walk over the graph of the outputs; return whether the sweep may go on. To a recording, all that
   varies is old. */
static int
begin_sweep(Sweep *sweep)
{
    sweep->young = 1;
    const Recorder *recorder = find_recorder();
    for (Py_ssize_t i = 0; recorder && sweep->young > 0 && i < sweep->output_count; i++) {
        const int varies = depends(recorder, (Node *)sweep->outputs[i]);
        sweep->young = varies < 0 ? -1 : !varies;
    }
    sweep->pass = ++passes;
    if (sweep->young <= 0)
        return 0;
    for (Py_ssize_t i = 0; i < sweep->output_count; i++)
        if (!walk((Node *)sweep->outputs[i], sweep->pass, 0)) {
            sweep->young = -1;
            return 0;
        }
    for (size_t i = 0; sweep->young && i < leaves.count; i++)
        sweep->young = leaves.items[i].node->operands[0].birth >> 1 >= sweep->since;
    return sweep->young;
}

/* Restore the gradients of the nodes in a list. */
static void
restore(Visits list)
{
    for (size_t i = 0; i < list.count; i++)
        list.items[i].node->grad = list.items[i].before;
}

/* Put the numbers that a sweep has found for some Values in a list that was made for them. */
static void
gather(Sweep *sweep, PyObject *const *values, PyObject *list)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        Node *node = (Node *)values[i];
        const double found = node->mark == sweep->pass ? node->grad : 0.0;
        PyObject *number = PyFloat_FromDouble(found);
        if (!number) {
            sweep->finite = -1;
            return;
        }
        PyList_SET_ITEM(list, i, number);
        sweep->finite &= isfinite(found) != 0;
    }
}

static double
number_at(const Sweep *sweep, Py_ssize_t i)
{
    return sweep->numbers ? PyFloat_AS_DOUBLE(sweep->numbers[i]) : 1.0;
}

/* Fill a list with the derivatives of Σ seed · output by the inputs. Nothing in here may run Python
   code. Return whether it is filled, with finite numbers; otherwise `sweep` says why not. */
static int
differentiate_back(Sweep *sweep, PyObject *list)
{
    if (begin_sweep(sweep)) {
        for (Py_ssize_t i = 0; i < sweep->output_count; i++)
            ((Node *)sweep->outputs[i])->grad += number_at(sweep, i);
        apply_chain_rule();
        gather(sweep, sweep->inputs, list);
    }
    restore(nodes);
    restore(leaves);
    release_lists();
    return sweep->young > 0 && sweep->finite > 0;
}

/* The same for the derivatives of the outputs along tangents of the inputs, which are leaves. */
static int
differentiate_forward(Sweep *sweep, PyObject *list)
{
    if (begin_sweep(sweep)) {
        for (Py_ssize_t i = 0; i < sweep->input_count; i++)
            if (((Node *)sweep->inputs[i])->mark == sweep->pass)
                ((Node *)sweep->inputs[i])->grad += number_at(sweep, i);
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
        gather(sweep, sweep->outputs, list);
    }
    restore(nodes);
    restore(leaves);
    release_lists();
    return sweep->young > 0 && sweep->finite > 0;
}

/* Run a sweep with the arguments of the reference, and return its list; None if a leaf is too old.
   `numbered` says which of the first two arguments has the numbers, 0 or 1; the results belong to the
   other. The reference takes over if a number is not finite, and raises an error if that is due. */
static PyObject *
run_sweep(PyObject *const *arguments, Py_ssize_t given, int numbered,
          int (*differentiate)(Sweep *, PyObject *), PyObject *reference_sweep)
{
    Sweep sweep;
    if (!read_sweep(arguments, given, numbered, &sweep))
        return NULL;
    PyObject *list = PyList_New(numbered ? sweep.output_count : sweep.input_count);
    if (!list || differentiate(&sweep, list))
        return list;
    Py_DECREF(list);
    if (sweep.young < 0 || sweep.finite < 0)
        return PyErr_NoMemory();
    if (sweep.young == 0 && sweep.since == 0) { /* then no leaf is too old */
        raise_refusal((Node *)sweep.outputs[0], reading_gradients);
        return NULL;
    }
    if (sweep.young == 0)
        Py_RETURN_NONE;
    PyObject *zero = PyLong_FromLong(0); /* no leaf is too old */
    if (!zero)
        return NULL;
    PyObject *again[] = {arguments[0], arguments[1], arguments[2], zero, arguments[4]};
    PyObject *result = PyObject_Vectorcall(reference_sweep, again, 5, NULL);
    Py_DECREF(zero);
    return result;
}

/* sweep_back(outputs, inputs, seeds, since, where) */
static PyObject *
sweep_back(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t given)
{
    return run_sweep(arguments, given, 0, differentiate_back, reference_sweep_back);
}

/* sweep_forward(outputs, inputs, tangents, since, where) */
static PyObject *
sweep_forward(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t given)
{
    return run_sweep(arguments, given, 1, differentiate_forward, reference_sweep_forward);
}

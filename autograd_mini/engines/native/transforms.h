/* A function that differentiates another: what `autograd_mini.transforms.operators` makes of it, for
   calls with plain numbers. The reference, in Python, takes over where anything is not plain. */

typedef enum { GRADIENT, VALUE_AND_GRADIENT, JACOBIAN } Wanted;

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    PyObject *dict, *weak_references;
    PyObject *function;     /* the function to differentiate */
    PyObject *reference;    /* the function that this one replaces */
    PyObject *finish;       /* finish(args, inputs, since, result) does what remains after the call */
    Wanted wanted;
    int single;             /* whether the gradient is that of one argument, or else a tuple */
    Py_ssize_t count;       /* how many arguments to differentiate by */
    Py_ssize_t *positions;  /* and which */
} Transform;

enum { DEEPEST = 100, MOST_ARGUMENTS = 16 };

/* Makes what stands in the place of a number, a float or an int. */
typedef PyObject *(*MakeItem)(PyObject *number, void *context);

static PyObject *copy_structure(PyObject *given, int depth, MakeItem make, void *context);

/* Return a copy of the item of a list or tuple; NULL if it is gone, as a garbage collection between
   two items may run any code. */
static PyObject *
copy_item(PyObject *given, Py_ssize_t i, int depth, MakeItem make, void *context)
{
    if (i >= PySequence_Fast_GET_SIZE(given))
        return NULL;
    PyObject *item = Py_NewRef(PySequence_Fast_GET_ITEM(given, i));
    PyObject *made = copy_structure(item, depth, make, context);
    Py_DECREF(item);
    return made;
}

/* Return a structure in the form of another: of plain lists, tuples and dicts of floats and ints.
   Return NULL for anything else, without an error if it is one of the given structure. */
static PyObject *
copy_structure(PyObject *given, int depth, MakeItem make, void *context)
{
    if (PyFloat_CheckExact(given) || PyLong_CheckExact(given))
        return make(given, context);
    PyObject *copy = NULL;
    if (depth == DEEPEST)
        return NULL;
    if (PyList_CheckExact(given)) {
        copy = PyList_New(PyList_GET_SIZE(given));
        for (Py_ssize_t i = 0; copy && i < PyList_GET_SIZE(copy); i++) {
            PyObject *item = copy_item(given, i, depth + 1, make, context);
            if (item)
                PyList_SET_ITEM(copy, i, item);
            else
                Py_CLEAR(copy);
        }
    }
    else if (PyTuple_CheckExact(given)) {
        copy = PyTuple_New(PyTuple_GET_SIZE(given));
        for (Py_ssize_t i = 0; copy && i < PyTuple_GET_SIZE(copy); i++) {
            PyObject *item = copy_item(given, i, depth + 1, make, context);
            if (item)
                PyTuple_SET_ITEM(copy, i, item);
            else
                Py_CLEAR(copy);
        }
    }
    else if (PyDict_CheckExact(given)) {
        copy = PyDict_Copy(given); /* with the keys in their order */
        PyObject *items = copy ? PyDict_Items(given) : NULL;
        for (Py_ssize_t i = 0; items && copy && i < PyList_GET_SIZE(items); i++) {
            PyObject *pair = PyList_GET_ITEM(items, i);
            PyObject *item = copy_structure(PyTuple_GET_ITEM(pair, 1), depth + 1, make, context);
            if (!item || PyDict_SetItem(copy, PyTuple_GET_ITEM(pair, 0), item) < 0)
                Py_CLEAR(copy);
            Py_XDECREF(item);
        }
        if (!items)
            Py_CLEAR(copy);
        Py_XDECREF(items);
    }
    return copy;
}

/* Return a new leaf, and add it to a list. */
static PyObject *
lift(PyObject *number, void *inputs)
{
    double converted = 0.0;
    int overflow = 0;
    if (PyFloat_CheckExact(number))
        converted = PyFloat_AS_DOUBLE(number);
    else {
        const long long exact = PyLong_AsLongLongAndOverflow(number, &overflow);
        overflow |= exact < -(1LL << 53) || exact > 1LL << 53;
        converted = (double)exact;
    }
    Node *leaf = overflow ? NULL : make_leaf(converted);
    if (leaf && PyList_Append(inputs, (PyObject *)leaf) < 0)
        Py_CLEAR(leaf);
    return (PyObject *)leaf;
}

/* A list of numbers, and which comes next. */
typedef struct {
    PyObject *list;
    Py_ssize_t next;
} Numbers;

static PyObject *
take_next(PyObject *Py_UNUSED(number), void *context)
{
    Numbers *numbers = context;
    if (numbers->next == PyList_GET_SIZE(numbers->list))
        return NULL;
    return Py_NewRef(PyList_GET_ITEM(numbers->list, numbers->next++));
}

static PyObject *
fill(PyObject *form, Numbers *numbers)
{
    PyObject *made = copy_structure(form, 0, take_next, numbers);
    if (!made && !PyErr_Occurred())
        PyErr_SetString(PyExc_RuntimeError, "the form of an argument must be the same after the call, "
                                            "got another one");
    return made;
}

/* Return the derivatives of one output, in the form of the arguments; NULL without an error if the
   reference has to compute them. */
static PyObject *
differentiate_output(const Transform *transform, PyObject *output, PyObject *const *arguments,
                     PyObject *inputs, uint64_t since)
{
    PyObject *numbers = PyList_New(PyList_GET_SIZE(inputs)), *made = NULL;
    if (!numbers)
        return NULL;
    Sweep sweep = {&output, PySequence_Fast_ITEMS(inputs), NULL, 1, PyList_GET_SIZE(inputs),
                   since, 0, 0, 1};
    Numbers remaining = {numbers, 0};
    if (differentiate_back(&sweep, numbers)) {
        if (transform->single)
            made = fill(arguments[transform->positions[0]], &remaining);
        else {
            made = PyTuple_New(transform->count);
            for (Py_ssize_t i = 0; made && i < transform->count; i++) {
                PyObject *part = fill(arguments[transform->positions[i]], &remaining);
                if (part)
                    PyTuple_SET_ITEM(made, i, part);
                else
                    Py_CLEAR(made);
            }
        }
    }
    else if (sweep.young < 0 || sweep.finite < 0)
        PyErr_NoMemory();
    Py_DECREF(numbers);
    return made;
}

/* Return what a call gives whose result is a Value, or a plain list or tuple of Values for a
   Jacobian; NULL without an error if the reference has to finish it. */
static PyObject *
differentiate_result(const Transform *transform, PyObject *result, PyObject *const *arguments,
                     PyObject *inputs, uint64_t since)
{
    if (transform->wanted != JACOBIAN || IS_VALUE(result)) {
        if (!IS_VALUE(result))
            return NULL;
        PyObject *gradient = differentiate_output(transform, result, arguments, inputs, since);
        if (!gradient || transform->wanted != VALUE_AND_GRADIENT)
            return gradient;
        PyObject *value = PyFloat_FromDouble(((Node *)result)->data);
        PyObject *both = value ? PyTuple_Pack(2, value, gradient) : NULL;
        Py_XDECREF(value);
        Py_DECREF(gradient);
        return both;
    }
    if (!PyList_CheckExact(result) && !PyTuple_CheckExact(result))
        return NULL;
    PyObject *outputs = PySequence_Tuple(result);
    PyObject *rows = outputs ? PyTuple_New(PyTuple_GET_SIZE(outputs)) : NULL;
    for (Py_ssize_t i = 0; rows && i < PyTuple_GET_SIZE(outputs); i++) {
        PyObject *output = PyTuple_GET_ITEM(outputs, i);
        PyObject *row = IS_VALUE(output) ? differentiate_output(transform, output, arguments, inputs,
                                                                since)
                                         : NULL;
        if (row)
            PyTuple_SET_ITEM(rows, i, row);
        else
            Py_CLEAR(rows);
    }
    Py_XDECREF(outputs);
    if (rows && PyList_CheckExact(result)) {
        PyObject *list = PySequence_List(rows);
        Py_SETREF(rows, list);
    }
    return rows;
}

/* Let the reference finish a call. */
static PyObject *
finish_call(const Transform *transform, PyObject *const *arguments, Py_ssize_t count,
            PyObject *inputs, uint64_t since, PyObject *result)
{
    PyObject *args = PyTuple_New(count);
    PyObject *start = PyLong_FromUnsignedLongLong(since), *finished = NULL;
    for (Py_ssize_t i = 0; args && i < count; i++)
        PyTuple_SET_ITEM(args, i, Py_NewRef(arguments[i]));
    if (args && start)
        finished = PyObject_CallFunctionObjArgs(transform->finish, args, inputs, start, result, NULL);
    Py_XDECREF(args);
    Py_XDECREF(start);
    return finished;
}

static PyObject *
transform_call(PARAMETERS)
{
    const Transform *transform = (Transform *)self;
    const Py_ssize_t count = PyVectorcall_NARGS(flags), all = count + keyword_count(keywords);
    const uint64_t since = leaves_made;
    PyObject *passed[MOST_ARGUMENTS], *inputs = NULL, *result = NULL;
    Py_ssize_t lifted = 0;
    int plain = all <= MOST_ARGUMENTS;
    for (Py_ssize_t i = 0; plain && i < all; i++) {
        plain = i >= count || !IS_VALUE(arguments[i]);
        passed[i] = arguments[i];
    }
    for (Py_ssize_t i = 0; plain && i < transform->count; i++)
        plain = transform->positions[i] < count;
    if (plain && !(inputs = PyList_New(0)))
        return NULL;
    for (; plain && lifted < transform->count; lifted++) {
        PyObject *copy = copy_structure(arguments[transform->positions[lifted]], 0, lift, inputs);
        plain = copy != NULL;
        if (!plain)
            break;
        passed[transform->positions[lifted]] = copy;
    }
    if (plain)
        result = PyObject_Vectorcall(transform->function, passed, (size_t)count, keywords);
    for (Py_ssize_t i = 0; i < lifted; i++)
        Py_DECREF(passed[transform->positions[i]]);
    if (!plain) {
        Py_XDECREF(inputs);
        return PyErr_Occurred() ? NULL
                                : PyObject_Vectorcall(transform->reference, arguments, flags, keywords);
    }
    PyObject *found = NULL;
    if (result) {
        found = differentiate_result(transform, result, arguments, inputs, since);
        if (!found && !PyErr_Occurred())
            found = finish_call(transform, arguments, count, inputs, since, result);
        Py_DECREF(result);
    }
    Py_DECREF(inputs);
    return found;
}

/* Transform(wanted, function, positions, single, reference, finish): positions are not negative. */
static PyObject *
transform_new(PyTypeObject *type, PyObject *arguments, PyObject *Py_UNUSED(keywords))
{
    int wanted, single;
    PyObject *function, *positions, *reference, *finish;
    if (!PyArg_ParseTuple(arguments, "iOO!pOO", &wanted, &function, &PyTuple_Type, &positions,
                          &single, &reference, &finish))
        return NULL;
    Transform *transform = (Transform *)type->tp_alloc(type, 0);
    if (!transform)
        return NULL;
    transform->call = transform_call;
    transform->function = Py_NewRef(function);
    transform->reference = Py_NewRef(reference);
    transform->finish = Py_NewRef(finish);
    transform->wanted = (Wanted)wanted;
    transform->single = single;
    transform->count = PyTuple_GET_SIZE(positions);
    transform->positions = PyMem_New(Py_ssize_t, (size_t)transform->count + 1);
    transform->dict = PyDict_New();
    for (Py_ssize_t i = 0; transform->positions && i < transform->count; i++)
        transform->positions[i] = PyLong_AsSsize_t(PyTuple_GET_ITEM(positions, i));
    if (!transform->positions)
        PyErr_NoMemory();
    if (PyErr_Occurred())
        Py_CLEAR(transform);
    return (PyObject *)transform;
}

static int
transform_traverse(PyObject *self, visitproc visit, void *arg)
{
    Transform *transform = (Transform *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(transform->dict);
    Py_VISIT(transform->function);
    Py_VISIT(transform->reference);
    Py_VISIT(transform->finish);
    return 0;
}

static int
transform_clear(PyObject *self)
{
    Transform *transform = (Transform *)self;
    Py_CLEAR(transform->dict);
    Py_CLEAR(transform->function);
    Py_CLEAR(transform->reference);
    Py_CLEAR(transform->finish);
    return 0;
}

static void
transform_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (((Transform *)self)->weak_references)
        PyObject_ClearWeakRefs(self);
    transform_clear(self);
    PyMem_Free(((Transform *)self)->positions);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
transform_repr(PyObject *self)
{
    return PyObject_Repr(((Transform *)self)->reference);
}

static PyMemberDef transform_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Transform, call), READONLY, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(Transform, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Transform, weak_references), READONLY, NULL},
    {NULL},
};

static PyType_Slot transform_slots[] = {
    {Py_tp_new, transform_new},
    {Py_tp_dealloc, transform_dealloc},
    {Py_tp_traverse, transform_traverse},
    {Py_tp_clear, transform_clear},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_descr_get, function_get},
    {Py_tp_repr, transform_repr},
    {Py_tp_methods, function_methods},
    {Py_tp_members, transform_members},
    {Py_tp_getset, function_attributes},
    {0, NULL},
};

static PyType_Spec transform_spec = {
    .name = "autograd_mini.engines.native.core.Transform",
    .basicsize = sizeof(Transform),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR
             | Py_TPFLAGS_HAVE_GC,
    .slots = transform_slots,
};

static PyObject *transform_type;

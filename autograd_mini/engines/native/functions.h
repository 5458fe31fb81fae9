/* The callables: the methods of a Value, the functions of the library, and `Value(...)`. */

/* A function in C that replaces a method of the reference engine; as an attribute of a class it is a
   method too. It has the name, docstring and signature of the reference's method. They are copied to
   its `__dict__` at the first access to an attribute, since the reference writes its method only
   when it is used. */
typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    PyObject *dict;
    PyObject *name;          /* the name of the method that it replaces */
    PyObject *last_operand;  /* the default of the last operand, or NULL */
    int described;           /* whether `__dict__` is filled */
} Function;

/* Call the reference's method; it raises the error for arguments that do not fit. */
static PyObject *
as_reference(PyObject *self, PyObject *const *arguments, size_t flags, PyObject *keywords)
{
    PyObject *method = PyObject_GetAttr(reference, ((Function *)self)->name);
    PyObject *result = method ? PyObject_Vectorcall(method, arguments, flags, keywords) : NULL;
    Py_XDECREF(method);
    return result;
}

static inline Py_ssize_t
keyword_count(PyObject *keywords)
{
    return keywords ? PyTuple_GET_SIZE(keywords) : 0;
}

/* --- the functions of the rows ------------------------------------------------------------------ */

INLINE PyObject *
unary_call(Op op, Function1 value, Partial1 dx, PyObject *self, PyObject *const *arguments,
           size_t flags, PyObject *keywords)
{
    if (PyVectorcall_NARGS(flags) != 1 || keyword_count(keywords))
        return as_reference(self, arguments, flags, keywords);
    if (IS_VALUE(arguments[0]))
        return unary_node(op, value, dx, (Node *)arguments[0]);
    double x;
    if (take_number(arguments[0], operand_labels[op], &x) < 0)
        return NULL;
    const double out = value(x);
    return isfinite(out) ? PyFloat_FromDouble(out) : exceptional_node(op, 1, NULL, x, NULL, 0.0);
}

static int
take_given(PyObject *object, Op op, Node **value, double *number)
{
    *value = IS_VALUE(object) ? (Node *)object : NULL;
    if (!*value)
        return take_number(object, operand_labels[op], number);
    *number = (*value)->data;
    return 0;
}

INLINE PyObject *
binary_call(Op op, Function2 value, Partial2 dx, Partial2 dy, PyObject *self,
            PyObject *const *arguments, size_t flags, PyObject *keywords)
{
    Py_ssize_t count = PyVectorcall_NARGS(flags);
    PyObject *last = count == 2 ? arguments[1] : ((Function *)self)->last_operand;
    Node *x_value, *y_value;
    double x, y;
    if (count < 1 || count > 2 || !last || keyword_count(keywords))
        return as_reference(self, arguments, flags, keywords);
    if (take_given(arguments[0], op, &x_value, &x) < 0 || take_given(last, op, &y_value, &y) < 0)
        return NULL;
    if (x_value || y_value)
        return binary_node(op, value, dx, dy, x_value, x, y_value, y);
    const double out = value(x, y);
    return isfinite(out) ? PyFloat_FromDouble(out) : exceptional_node(op, 2, NULL, x, NULL, y);
}

INLINE PyObject *
parts_call(Shape shape, FunctionMany compute, PyObject *self, PyObject *const *arguments,
           size_t flags, PyObject *keywords)
{
    Py_ssize_t count = PyVectorcall_NARGS(flags);
    if (count == shape.parts && !keyword_count(keywords))
        return many_call(shape, compute, arguments);
    PyObject *last = ((Function *)self)->last_operand;
    if (count != shape.parts - 1 || !last || keyword_count(keywords))
        return as_reference(self, arguments, flags, keywords);
    PyObject *parts[MOST_PARTS];
    memcpy(parts, arguments, (size_t)count * sizeof *parts);
    parts[count] = last;
    return many_call(shape, compute, parts);
}

#define PARAMETERS PyObject *self, PyObject *const *arguments, size_t flags, PyObject *keywords
#define PASSED_ON self, arguments, flags, keywords

#define CALL_UNARY(NAME, ...)                                                                      \
    static PyObject *NAME##_call(PARAMETERS)                                                       \
    {                                                                                              \
        return unary_call(OP_##NAME, NAME##_value, NAME##_dx, PASSED_ON);                          \
    }
#define CALL_BINARY(NAME, ...)                                                                     \
    static PyObject *NAME##_call(PARAMETERS)                                                       \
    {                                                                                              \
        return binary_call(OP_##NAME, NAME##_value, NAME##_dx, NAME##_dy, PASSED_ON);              \
    }
#define CALL_MANY(NAME, SEQUENCES, PARTS)                                                         \
    static PyObject *NAME##_call(PARAMETERS)                                                       \
    {                                                                                              \
        return parts_call((Shape){OP_##NAME, SEQUENCES, PARTS}, NAME##_many, PASSED_ON);           \
    }

UNARY_ROWS(CALL_UNARY)
BINARY_ROWS(CALL_BINARY)
MANY_ROWS(CALL_MANY)

/* --- the operators ------------------------------------------------------------------------------ */

#define DEFINE_OPERATOR(NAME)                                                                      \
    static PyObject *NAME##_operator(PyObject *left, PyObject *right)                              \
    {                                                                                              \
        return binary_operator(OP_##NAME, NAME##_value, NAME##_dx, NAME##_dy, left, right);        \
    }
DEFINE_OPERATOR(add)
DEFINE_OPERATOR(sub)
DEFINE_OPERATOR(mul)
DEFINE_OPERATOR(div)
DEFINE_OPERATOR(pow)

static PyObject *
neg_operator(PyObject *operand)
{
    return unary_node(OP_neg, neg_value, neg_dx, (Node *)operand);
}

static PyObject *
abs_operator(PyObject *operand)
{
    return unary_node(OP_abs, abs_value, abs_dx, (Node *)operand);
}

static PyObject *
power_operator(PyObject *left, PyObject *right, PyObject *modulus)
{
    if (modulus == Py_None)
        return pow_operator(left, right);
    if (!IS_VALUE(left))
        Py_RETURN_NOTIMPLEMENTED;
    PyObject *arguments[] = {left, right, modulus};
    PyObject *function = PyObject_GetAttrString(reference, "__pow__");
    if (!function)
        return NULL;
    PyObject *result = PyObject_Vectorcall(function, arguments, 3, NULL); /* raises an error */
    Py_DECREF(function);
    return result;
}

/* --- backward ----------------------------------------------------------------------------------- */

static PyObject *
backward_call(PARAMETERS)
{
    double seed = 1.0;
    Py_ssize_t count = keyword_count(keywords);
    if (PyVectorcall_NARGS(flags) != 1 || !IS_VALUE(arguments[0]) || count > 1
        || (count && !PyUnicode_EqualToUTF8(PyTuple_GET_ITEM(keywords, 0), "seed")))
        return as_reference(self, arguments, flags, keywords);
    if (count && take_number(arguments[1], argument_seed, &seed) < 0)
        return NULL;
    return backward((Node *)arguments[0], seed);
}

/* --- Function ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    vectorcallfunc call;
} calls[] = {
#define ENTRY(NAME, ...) {#NAME, NAME##_call},
    UNARY_ROWS(ENTRY)
    BINARY_ROWS(ENTRY)
    MANY_ROWS(ENTRY)
    {"backward", backward_call},
    {NULL, NULL},
};

/* Function(call, name, default=...): the entry `call` of `calls`, in place of the method `name`. */
static PyObject *
function_new(PyTypeObject *type, PyObject *arguments, PyObject *Py_UNUSED(keywords))
{
    const char *call;
    PyObject *name, *last_operand = NULL;
    if (!PyArg_ParseTuple(arguments, "sU|O", &call, &name, &last_operand))
        return NULL;
    size_t at = 0;
    while (calls[at].name && strcmp(calls[at].name, call))
        at++;
    if (!calls[at].name)
        return PyErr_Format(PyExc_ImportError, "it was built without %s; install again", call);
    Function *function = (Function *)type->tp_alloc(type, 0);
    if (!function)
        return NULL;
    function->call = calls[at].call;
    function->name = Py_NewRef(name);
    function->last_operand = Py_XNewRef(last_operand);
    function->dict = PyDict_New();
    if (!function->dict)
        Py_CLEAR(function);
    return (PyObject *)function;
}

static PyObject *
function_getattro(PyObject *self, PyObject *attribute)
{
    Function *function = (Function *)self;
    if (!function->described) {
        function->described = 1; /* set first, since `describe` reads attributes itself */
        PyObject *done = PyObject_CallFunctionObjArgs(describe, self, function->name, NULL);
        if (!done) {
            function->described = 0;
            return NULL;
        }
        Py_DECREF(done);
    }
    return PyObject_GenericGetAttr(self, attribute);
}

static void
function_dealloc(PyObject *self)
{
    Function *function = (Function *)self;
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(function->dict);
    Py_XDECREF(function->name);
    Py_XDECREF(function->last_operand);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
function_get(PyObject *self, PyObject *instance, PyObject *Py_UNUSED(owner))
{
    return instance ? PyMethod_New(self, instance) : Py_NewRef(self);
}

static PyObject *
function_repr(PyObject *self)
{
    PyObject *method = PyObject_GetAttr(reference, ((Function *)self)->name);
    PyObject *text = method ? PyObject_Repr(method) : NULL;
    Py_XDECREF(method);
    return text;
}

/* A copy is the same function; a pickle contains its name. */
static PyObject *
function_reduce(PyObject *self, PyObject *Py_UNUSED(nothing))
{
    return PyObject_GetAttrString(self, "__qualname__");
}

static PyMethodDef function_methods[] = {
    {"__reduce__", function_reduce, METH_NOARGS, NULL},
    {NULL},
};

static PyMemberDef function_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Function, call), READONLY, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(Function, dict), READONLY, NULL},
    {NULL},
};

static PyGetSetDef function_attributes[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL},
};

static PyType_Slot function_slots[] = {
    {Py_tp_new, function_new},
    {Py_tp_dealloc, function_dealloc},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_descr_get, function_get},
    {Py_tp_getattro, function_getattro},
    {Py_tp_repr, function_repr},
    {Py_tp_methods, function_methods},
    {Py_tp_members, function_members},
    {Py_tp_getset, function_attributes},
    {0, NULL},
};

static PyType_Spec function_spec = {
    .name = "autograd_mini.engines.native.core.Function",
    .basicsize = sizeof(Function),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .slots = function_slots,
};

static PyObject *function_type;

/* --- Value(data, name=...) ---------------------------------------------------------------------- */

static PyObject *
value_call(PARAMETERS)
{
    (void)self;
    Py_ssize_t given = PyVectorcall_NARGS(flags);
    Py_ssize_t count = keyword_count(keywords);
    PyObject *data = given == 1 ? arguments[0] : NULL, *name = NULL;
    int fits = given <= 1;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *keyword = PyTuple_GET_ITEM(keywords, i);
        if (PyUnicode_EqualToUTF8(keyword, "name"))
            name = arguments[given + i];
        else if (!data && PyUnicode_EqualToUTF8(keyword, "data"))
            data = arguments[given + i];
        else
            fits = 0;
    }
    if (!fits || !data)
        return PyObject_Vectorcall(reference, arguments, flags, keywords);
    double number;
    if (take_number(data, argument_value, &number) < 0)
        return NULL;
    Node *node = make_leaf(number);
    if (!node)
        return NULL;
    if (name && name != Py_None && set_name((PyObject *)node, name, NULL) < 0) {
        Py_DECREF(node);
        return NULL;
    }
    return (PyObject *)node;
}

/* Only `node_new` may make a node, in the memory for nodes. */
static PyObject *
value_alloc(PyTypeObject *type, Py_ssize_t Py_UNUSED(items))
{
    return PyErr_Format(PyExc_TypeError, "object.__new__(%s) is not safe, use %s.__new__()",
                        type->tp_name, type->tp_name);
}

/* Python calls this only for a subclass, which is refused, or through `__new__`. */
static PyObject *
value_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    if (type == value_type)
        return PyVectorcall_Call((PyObject *)type, arguments, keywords);
    return PyObject_CallMethod(reference, "__init_subclass__", NULL);
}

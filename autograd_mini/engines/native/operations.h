/* Operations: the functions that compute each row of the table and make its node. */

typedef double (*Function1)(double x);
typedef double (*Partial1)(double x, double out);
typedef double (*Function2)(double x, double y);
typedef double (*Partial2)(double x, double y, double out);

/* An operand is passed as a Value and its number, or as NULL and a constant. The two are separate
   arguments, since a struct would go through memory and the processor would wait for it. */

static PyObject *
given_object(Node *value, double number)
{
    return value ? Py_NewRef((PyObject *)value) : PyFloat_FromDouble(number);
}

/* Store an operand in a node: a Value and the partial derivative, or NULL and a constant. */
INLINE void
keep(Operand *operand, Node *value, double number)
{
    Py_XINCREF((PyObject *)value);
    operand->value = value;
    operand->number = number;
}

/* --- results that are not finite ------------------------------------------------------------ */

/* Call `exceptional(primitive, *operands)`; put the value in `out` and return the partials. */
static PyObject *
exceptional_result(Op op, PyObject *const *operands, int count, double *out)
{
    PyObject *arguments = PyTuple_New(count + 1), *partials = NULL;
    if (!arguments)
        return NULL;
    PyTuple_SET_ITEM(arguments, 0, Py_NewRef(primitives[op]));
    for (int i = 0; i < count; i++) { /* a list is copied, so that nothing can change it */
        PyObject *operand = PyList_CheckExact(operands[i]) ? PyList_AsTuple(operands[i])
                                                           : Py_NewRef(operands[i]);
        PyTuple_SET_ITEM(arguments, i + 1, operand);
    }
    PyObject *result = PyErr_Occurred() ? NULL : PyObject_CallObject(exceptional, arguments);
    if (result && PyArg_ParseTuple(result, "dO!", out, &PyTuple_Type, &partials))
        Py_INCREF(partials);
    Py_XDECREF(result);
    Py_DECREF(arguments);
    return partials;
}

/* Return the node, or the float, for a result that is not finite; `arity` is 1 or 2. */
static PyObject *
exceptional_node(Op op, int arity, Node *x_value, double x, Node *y_value, double y)
{
    double out, dx, dy = 0.0;
    PyObject *operands[] = {given_object(x_value, x), given_object(y_value, y)};
    PyObject *partials = NULL;
    if (operands[0] && operands[1])
        partials = exceptional_result(op, operands, arity, &out);
    Py_XDECREF(operands[0]);
    Py_XDECREF(operands[1]);
    if (!partials)
        return NULL;
    int parsed = PyArg_ParseTuple(partials, arity == 2 ? "dd" : "d", &dx, &dy);
    Py_DECREF(partials);
    if (!parsed)
        return NULL;
    if (!x_value && !y_value)
        return PyFloat_FromDouble(out);
    Node *node = node_new(op);
    if (!node)
        return NULL;
    node->data = out;
    keep(&node->operands[0], x_value, x_value ? dx : x);
    keep(&node->operands[1], y_value, y_value ? dy : y);
    return (PyObject *)node;
}

/* --- one operand ------------------------------------------------------------------------------ */

INLINE PyObject *
unary_node(Op op, Function1 value, Partial1 dx, Node *operand)
{
    const double x = operand->data, out = value(x);
    if (!isfinite(out))
        return exceptional_node(op, 1, operand, x, NULL, 0.0);
    Node *node = node_new(op);
    if (!node)
        return NULL;
    node->data = out;
    keep(&node->operands[0], operand, dx(x, out));
    node->operands[1].value = NULL;
    return (PyObject *)node;
}

/* --- two operands ----------------------------------------------------------------------------- */

INLINE PyObject *
binary_node(Op op, Function2 value, Partial2 dx, Partial2 dy, Node *x_value, double x,
            Node *y_value, double y)
{
    const double out = value(x, y);
    if (!isfinite(out))
        return exceptional_node(op, 2, x_value, x, y_value, y);
    Node *node = node_new(op);
    if (!node)
        return NULL;
    node->data = out;
    keep(&node->operands[0], x_value, x_value ? dx(x, y, out) : x);
    keep(&node->operands[1], y_value, y_value ? dy(x, y, out) : y);
    return (PyObject *)node;
}

/* Read an operand of an operator; return 1 if its type is foreign. */
static int
take_other(PyObject *object, Op op, Node **value, double *number)
{
    if (!IS_VALUE(object))
        return take_operand(object, operand_labels[op], number);
    *value = (Node *)object;
    *number = (*value)->data;
    return 0;
}

/* Compute an operator between a Value and a Value or number, in either order. */
INLINE PyObject *
binary_operator(Op op, Function2 value, Partial2 dx, Partial2 dy, PyObject *left, PyObject *right)
{
    if (IS_VALUE(left) && IS_VALUE(right))
        return binary_node(op, value, dx, dy, (Node *)left, ((Node *)left)->data, (Node *)right,
                           ((Node *)right)->data);
    if (IS_VALUE(left) && PyFloat_CheckExact(right))
        return binary_node(op, value, dx, dy, (Node *)left, ((Node *)left)->data, NULL,
                           PyFloat_AS_DOUBLE(right));
    if (PyFloat_CheckExact(left)) /* then the Value is on the right */
        return binary_node(op, value, dx, dy, NULL, PyFloat_AS_DOUBLE(left), (Node *)right,
                           ((Node *)right)->data);
    Node *x_value = NULL, *y_value = NULL;
    double x, y;
    int foreign = take_other(left, op, &x_value, &x);
    if (!foreign)
        foreign = take_other(right, op, &y_value, &y);
    if (foreign < 0)
        return NULL;
    if (foreign)
        Py_RETURN_NOTIMPLEMENTED;
    return binary_node(op, value, dx, dy, x_value, x, y_value, y);
}

/* --- many operands ---------------------------------------------------------------------------- */

/* The arguments of a function of many operands are its parts: one or two sequences of equal length,
   and then perhaps a single operand. One array has the operands of all parts, one after the other.
   The number of a Value in it is its data first; later the partial derivative replaces that. */

enum { MOST_PARTS = 3 };

typedef struct {
    Op op;
    int sequences, parts;
} Shape;

/* Returns the value; if that is finite, the operands that are Values get their partials. */
typedef double (*FunctionMany)(Operand *operands, Py_ssize_t each);

INLINE int
take_plain(PyObject *object, Operand *operand)
{
    if (IS_VALUE(object)) {
        operand->value = (Node *)Py_NewRef(object);
        operand->number = ((Node *)object)->data;
        return 1;
    }
    operand->value = NULL;
    operand->number = PyFloat_CheckExact(object) ? PyFloat_AS_DOUBLE(object) : 0.0;
    return PyFloat_CheckExact(object);
}

/* Release the first operands of an array, and the array. */
static void
operands_drop(Operands *operands, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++)
        Py_XDECREF((PyObject *)operands->items[i].value);
    operands_release(operands);
}

/* Return the operands if the parts are plain: lists or tuples that contain only Values and floats,
   and perhaps a single Value or float. Otherwise return NULL, with an error only if memory has run
   out. */
INLINE Operands *
plain_operands(Shape shape, PyObject *const *parts)
{
    for (int i = 0; i < shape.sequences; i++)
        if (!PyList_CheckExact(parts[i]) && !PyTuple_CheckExact(parts[i]))
            return NULL;
    Py_ssize_t each = PySequence_Fast_GET_SIZE(parts[0]);
    if (shape.sequences > 1 && PySequence_Fast_GET_SIZE(parts[1]) != each)
        return NULL;
    Operands *taken = operands_allocate(each * shape.sequences + shape.parts - shape.sequences);
    if (!taken)
        return NULL;
    Operand *operand = taken->items;
    int plain = 1;
    for (int i = 0; plain && i < shape.sequences; i++) {
        PyObject **items = PySequence_Fast_ITEMS(parts[i]);
        for (Py_ssize_t j = 0; plain && j < each; j++)
            plain = take_plain(items[j], operand++);
    }
    for (int i = shape.sequences; plain && i < shape.parts; i++)
        plain = take_plain(parts[i], operand++);
    if (plain)
        return taken;
    operands_drop(taken, operand - taken->items);
    return NULL;
}

/* Return a new tuple of a sequence's operands; unusual numbers become floats. */
static PyObject *
plain_sequence(Op op, PyObject *object)
{
    PyObject *items = PyList_CheckExact(object) || PyTuple_CheckExact(object)
                          ? Py_NewRef(object)
                          : PyObject_CallFunctionObjArgs(read_operands, primitives[op], object, NULL);
    PyObject *given = items ? PySequence_Tuple(items) : NULL;
    PyObject *both = given ? PyObject_CallFunctionObjArgs(with_numbers, value_type, primitives[op],
                                                          given, NULL)
                           : NULL;
    Py_XDECREF(items);
    Py_XDECREF(given);
    PyObject *operands = NULL, *unused;
    if (both && PyArg_ParseTuple(both, "O!O", &PyTuple_Type, &operands, &unused))
        Py_INCREF(operands);
    Py_XDECREF(both);
    return operands;
}

static PyObject *
plain_single(Op op, PyObject *object)
{
    double converted;
    if (IS_VALUE(object))
        return Py_NewRef(object);
    return take_number(object, operand_labels[op], &converted) < 0 ? NULL : PyFloat_FromDouble(converted);
}

/* Convert all parts to plain parts. The caller must release them, also after an error, when only the
   first of them may exist. */
static int
make_plain(Shape shape, PyObject *const *parts, PyObject **plain)
{
    for (int i = 0; i < shape.parts; i++) {
        plain[i] = i < shape.sequences ? plain_sequence(shape.op, parts[i])
                                       : plain_single(shape.op, parts[i]);
        if (!plain[i])
            return -1;
    }
    if (shape.sequences > 1 && PyTuple_GET_SIZE(plain[0]) != PyTuple_GET_SIZE(plain[1])) {
        raise_from(PyObject_CallFunction(unequal, "Onn", primitives[shape.op],
                                         PyTuple_GET_SIZE(plain[0]), PyTuple_GET_SIZE(plain[1])));
        return -1;
    }
    return 0;
}

/* Store the partials that `exceptional` returned, numbers and lists of numbers, in the operands. */
static int
store_partials(Operands *operands, PyObject *partials)
{
    Py_ssize_t at = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(partials); i++) {
        PyObject *part = PyTuple_GET_ITEM(partials, i);
        PyObject *items = PyFloat_Check(part) ? PyTuple_Pack(1, part) : PySequence_Tuple(part);
        for (Py_ssize_t j = 0; items && j < PyTuple_GET_SIZE(items); j++, at++) {
            double partial = PyFloat_AsDouble(PyTuple_GET_ITEM(items, j));
            if (at < operands->count && operands->items[at].value)
                operands->items[at].number = partial;
        }
        Py_XDECREF(items);
        if (PyErr_Occurred())
            return -1;
    }
    if (at == operands->count)
        return 0;
    PyErr_SetString(PyExc_RuntimeError, "a sequence of operands changed while it was used");
    return -1;
}

/* Return the node, or the float, for operands from plain parts; it takes the operands over. */
INLINE PyObject *
many_node(Shape shape, FunctionMany compute, PyObject *const *parts, Operands *operands)
{
    double out = compute(operands->items, PySequence_Fast_GET_SIZE(parts[0]));
    if (!isfinite(out)) {
        PyObject *exceptional = exceptional_result(shape.op, parts, shape.parts, &out);
        if (!exceptional)
            goto error;
        int stored = store_partials(operands, exceptional);
        Py_DECREF(exceptional);
        if (stored < 0)
            goto error;
    }
    Py_ssize_t i = 0;
    while (i < operands->count && !operands->items[i].value)
        i++;
    if (i == operands->count) {
        operands_release(operands);
        return PyFloat_FromDouble(out);
    }
    Node *node = node_new(shape.op);
    if (!node)
        goto error;
    node->data = out;
    node->operands[0].value = node->operands[1].value = NULL;
    node->operands[0].many = operands;
    return (PyObject *)node;
error:
    operands_drop(operands, operands->count);
    return NULL;
}

INLINE PyObject *
many_call(Shape shape, FunctionMany compute, PyObject *const *parts)
{
    Operands *operands = plain_operands(shape, parts);
    if (operands)
        return many_node(shape, compute, parts, operands);
    if (PyErr_Occurred())
        return NULL;
    PyObject *plain[MOST_PARTS] = {NULL}, *result = NULL;
    if (make_plain(shape, parts, plain) == 0 && (operands = plain_operands(shape, plain)))
        result = many_node(shape, compute, plain, operands);
    for (int i = 0; i < shape.parts; i++)
        Py_XDECREF(plain[i]);
    return result;
}

/* Take the partial derivatives of a node's operands from a tuple of floats, or from an array or bytes
   of doubles; return whether there is one for each. */
static int
take_partials(Operands *operands, PyObject *given)
{
    if (PyTuple_CheckExact(given)) {
        int fits = PyTuple_GET_SIZE(given) == operands->count;
        for (Py_ssize_t i = 0; fits && i < operands->count; i++) {
            PyObject *partial = PyTuple_GET_ITEM(given, i);
            fits = PyFloat_CheckExact(partial);
            if (fits && operands->items[i].value)
                operands->items[i].number = PyFloat_AS_DOUBLE(partial);
        }
        return fits;
    }
    Py_buffer view;
    if (PyObject_GetBuffer(given, &view, PyBUF_ND | PyBUF_FORMAT) < 0) {
        PyErr_Clear(); /* the caller has better words */
        return 0;
    }
    const int has_doubles_ = PyBytes_CheckExact(given) || !strcmp(view.format, "d");
    const int fits = has_doubles_ && view.ndim == 1
                     && view.len == operands->count * (Py_ssize_t)sizeof(double);
    for (Py_ssize_t i = 0; fits && i < operands->count; i++)
        if (operands->items[i].value)
            operands->items[i].number = ((const double *)view.buf)[i];
    PyBuffer_Release(&view);
    return fits;
}

/* custom_node(row, operands, number, partials): a node of a row that is not in the table. */
static PyObject *
custom_node(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    PyObject *row, *given, *partials;
    double number;
    if (!PyArg_ParseTuple(arguments, "OO!dO", &row, &PyTuple_Type, &given, &number, &partials))
        return NULL;
    const Py_ssize_t count = PyTuple_GET_SIZE(given);
    Operands *operands = operands_allocate(count);
    if (!operands)
        return NULL;
    Py_ssize_t taken = 0;
    int plain = 1;
    while (plain && taken < count) {
        plain = take_plain(PyTuple_GET_ITEM(given, taken), &operands->items[taken]);
        taken++;
    }
    plain = plain && take_partials(operands, partials);
    Node *node = plain ? node_new(OP_CUSTOM) : NULL;
    if (!node) {
        operands_drop(operands, taken);
        if (!plain)
            raise_from(PyObject_CallFunctionObjArgs(no_operands, given, partials, NULL));
        return NULL;
    }
    node->data = number;
    node->operands[0].value = node->operands[1].value = NULL;
    node->operands[0].many = operands;
    node->operands[1].row = Py_NewRef(row);
    return (PyObject *)node;
}

/* --- the rows ----------------------------------------------------------------------------------- */

#define DEFINE_UNARY(NAME, VALUE, DX)                                                              \
    static double NAME##_value(double x) { return VALUE; }                                         \
    static double NAME##_dx(double x, double out) { (void)x; (void)out; return DX; }
#define DEFINE_BINARY(NAME, VALUE, DX, DY)                                                         \
    static double NAME##_value(double x, double y) { return VALUE; }                               \
    static double NAME##_dx(double x, double y, double out)                                        \
    {                                                                                              \
        (void)x; (void)y; (void)out;                                                               \
        return DX;                                                                                 \
    }                                                                                              \
    static double NAME##_dy(double x, double y, double out)                                        \
    {                                                                                              \
        (void)x; (void)y; (void)out;                                                               \
        return DY;                                                                                 \
    }

UNARY_ROWS(DEFINE_UNARY)
BINARY_ROWS(DEFINE_BINARY)

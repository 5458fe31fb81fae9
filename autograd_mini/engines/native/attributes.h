/* The attributes of a Value and its comparisons. */

/* --- numbers ---------------------------------------------------------------------------------- */

/* Refuse to delete an attribute, or to set a computed attribute, with Python's own message for a
   property. The closure of each attribute is its name. */
static int
not_settable(PyObject *Py_UNUSED(self), PyObject *given, void *name)
{
    PyErr_Format(PyExc_AttributeError, "property '%s' of 'Value' object has no %s",
                 (const char *)name, given ? "setter" : "deleter");
    return -1;
}

static PyObject *
get_data(PyObject *self, void *Py_UNUSED(name))
{
    if (IS_FROZEN((Node *)self, reading_data))
        return NULL;
    note_reading((Node *)self);
    return PyFloat_FromDouble(((Node *)self)->data);
}

/* The number for the library itself, which is neither noted nor refused. */
static PyObject *
get_number(PyObject *self, void *Py_UNUSED(name))
{
    return PyFloat_FromDouble(((Node *)self)->data);
}

static int
set_data(PyObject *self, PyObject *given, void *name)
{
    if (recorders && refuse_writing((Node *)self) < 0)
        return -1;
    return given ? take_number(given, argument_data, &((Node *)self)->data)
                 : not_settable(self, given, name);
}

static PyObject *
get_grad(PyObject *self, void *Py_UNUSED(name))
{
    if (IS_FROZEN((Node *)self, reading_grad))
        return NULL;
    return PyFloat_FromDouble(((Node *)self)->grad);
}

static int
set_grad(PyObject *self, PyObject *given, void *name)
{
    Node *node = (Node *)self;
    if (!given)
        return not_settable(self, given, name);
    if (IS_FROZEN(node, writing_grad))
        return -1;
    if (given == Py_None)
        node->grad = 0.0;
    else if (take_number(given, argument_grad, &node->grad) < 0)
        return -1;
    node->has_grad = given != Py_None;
    return 0;
}

/* The gradient for the library itself, if one was stored. */
static PyObject *
get_stored_grad(PyObject *self, void *Py_UNUSED(name))
{
    Node *node = (Node *)self;
    return node->has_grad ? PyFloat_FromDouble(node->grad) : Py_NewRef(Py_None);
}

static PyObject *
get_has_grad(PyObject *self, void *Py_UNUSED(name))
{
    if (IS_FROZEN((Node *)self, reading_has_grad))
        return NULL;
    return PyBool_FromLong(((Node *)self)->has_grad);
}

/* --- the name --------------------------------------------------------------------------------- */

static PyObject *
get_name(PyObject *self, void *Py_UNUSED(name))
{
    Node *node = (Node *)self;
    if (!node->has_name)
        Py_RETURN_NONE;
    PyObject *key = name_key(node);
    PyObject *name = key ? PyDict_GetItemWithError(names, key) : NULL;
    Py_XINCREF(name);
    Py_XDECREF(key);
    return name;
}

static int
set_name(PyObject *self, PyObject *given, void *name)
{
    Node *node = (Node *)self;
    if (!given)
        return not_settable(self, given, name);
    PyObject *checked = PyObject_CallOneArg(check_name, given);
    if (!checked)
        return -1;
    int result = 0;
    if (checked == Py_None) {
        if (node->has_name)
            drop_name(node);
    }
    else {
        PyObject *key = name_key(node);
        result = key ? PyDict_SetItem(names, key, checked) : -1;
        node->has_name |= result == 0;
        Py_XDECREF(key);
    }
    Py_DECREF(checked);
    return result;
}

/* --- the operation ---------------------------------------------------------------------------- */

static int
arity(const Node *node)
{
    return node->op == LEAF ? 0 : node->op < UNARY_END ? 1 : 2;
}

static PyObject *
get_op(PyObject *self, void *Py_UNUSED(name))
{
    Node *node = (Node *)self;
    return Py_NewRef(node->op == OP_CUSTOM ? node->operands[1].row : primitives[node->op]);
}

/* Return a tuple with one object for each operand. */
static PyObject *
for_each_operand(Node *node, PyObject *(*make)(Operand))
{
    Py_ssize_t count;
    Operand *operands = operands_of(node, &count);
    if (!has_many(node))
        count = arity(node);
    PyObject *tuple = PyTuple_New(count);
    for (Py_ssize_t i = 0; tuple && i < count; i++) {
        PyObject *item = make(operands[i]);
        if (item)
            PyTuple_SET_ITEM(tuple, i, item);
        else
            Py_CLEAR(tuple);
    }
    return tuple;
}

static PyObject *
operand_object(Operand operand)
{
    return given_object(operand.value, operand.number);
}

static PyObject *
partial_object(Operand operand)
{
    return operand.value ? PyFloat_FromDouble(operand.number) : Py_NewRef(Py_None);
}

static PyObject *
get_operands(PyObject *self, void *Py_UNUSED(name))
{
    return for_each_operand((Node *)self, operand_object);
}

static PyObject *
get_partials(PyObject *self, void *Py_UNUSED(name))
{
    if (IS_FROZEN((Node *)self, reading_partials))
        return NULL;
    return for_each_operand((Node *)self, partial_object);
}

/* The partial derivatives for the library itself. */
static PyObject *
get_slopes(PyObject *self, void *Py_UNUSED(name))
{
    return for_each_operand((Node *)self, partial_object);
}

/* `document` copies their docstrings from the reference engine. */
static PyGetSetDef attributes[] = {
    {"data", get_data, set_data, NULL, "data"},
    {"grad", get_grad, set_grad, NULL, "grad"},
    {"has_grad", get_has_grad, not_settable, NULL, "has_grad"},
    {"name", get_name, set_name, NULL, "name"},
    {"op", get_op, not_settable, NULL, "op"},
    {"operands", get_operands, not_settable, NULL, "operands"},
    {"partials", get_partials, not_settable, NULL, "partials"},
    {"_grad", get_stored_grad, not_settable, NULL, "_grad"},
    {"_number", get_number, not_settable, NULL, "_number"},
    {"_partials", get_slopes, not_settable, NULL, "_partials"},
    {NULL},
};

static PyObject *
node_sizeof(PyObject *self, PyObject *Py_UNUSED(nothing))
{
    Node *node = (Node *)self;
    size_t size = sizeof(Node);
    if (has_many(node))
        size += sizeof(Operands) + (size_t)node->operands[0].many->count * sizeof(Operand);
    return PyLong_FromSize_t(size);
}

/* --- comparing -------------------------------------------------------------------------------- */

static int
compare(double x, double y, int comparison)
{
    switch (comparison) {
    case Py_LT:
        return x < y;
    case Py_LE:
        return x <= y;
    case Py_GT:
        return x > y;
    default:
        return x >= y;
    }
}

static PyObject *
node_compare(PyObject *self, PyObject *other, int comparison)
{
    if (comparison == Py_EQ || comparison == Py_NE) {
        if (IS_VALUE(other))
            Py_RETURN_NOTIMPLEMENTED; /* Python then compares identities */
        return PyObject_CallFunctionObjArgs(reference_eq, self, other, NULL);
    }
    double x = ((Node *)self)->data, y;
    if (IS_VALUE(other))
        y = ((Node *)other)->data;
    else {
        int foreign = take_operand(other, argument_comparison, &y);
        if (foreign < 0)
            return NULL;
        if (foreign)
            Py_RETURN_NOTIMPLEMENTED;
    }
    const int outcome = compare(x, y, comparison);
    Node *value = IS_VALUE(other) ? (Node *)other : NULL;
    if (recorders && record_comparison(comparison, (Node *)self, value, y, outcome) < 0)
        return NULL;
    return PyBool_FromLong(outcome);
}

static Py_hash_t
node_hash(PyObject *self)
{
    return PyBaseObject_Type.tp_hash(self);
}

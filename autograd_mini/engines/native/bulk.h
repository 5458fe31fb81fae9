/* The functions of the module: they read and change all parameters of a model at once, and free
   memory after a garbage collection. */

/* Return an iterable's Values as a tuple. */
static PyObject *
take_values(PyObject *iterable)
{
    PyObject *values = PySequence_Tuple(iterable);
    for (Py_ssize_t i = 0; values && i < PyTuple_GET_SIZE(values); i++) {
        PyObject *item = PyTuple_GET_ITEM(values, i);
        if (!IS_VALUE(item)) {
            raise_from(PyObject_CallFunction(no_value, "nO", i, item));
            Py_CLEAR(values);
        }
    }
    return values;
}

#define VALUE_AT(values, i) ((Node *)PyTuple_GET_ITEM(values, i))

static PyObject *
zero_gradients(PyObject *Py_UNUSED(module), PyObject *iterable)
{
    PyObject *values = take_values(iterable);
    if (!values)
        return NULL;
    int allowed = 1;
    for (Py_ssize_t i = 0; allowed && i < PyTuple_GET_SIZE(values); i++)
        allowed = !IS_FROZEN(VALUE_AT(values, i), writing_grad);
    for (Py_ssize_t i = 0; allowed && i < PyTuple_GET_SIZE(values); i++)
        VALUE_AT(values, i)->grad = 0.0;
    Py_DECREF(values);
    return allowed ? Py_NewRef(Py_None) : NULL;
}

/* --- arrays of doubles, as `array.array("d")` ------------------------------------------------- */

/* Return an array of the doubles that bytes hold, and take the reference to these. */
static PyObject *
array_of(PyObject *bytes)
{
    PyObject *array = bytes ? PyObject_CallFunction(array_type, "sO", "d", bytes) : NULL;
    Py_XDECREF(bytes);
    return array;
}

#define DOUBLES(bytes) ((double *)PyBytes_AS_STRING(bytes))

/* Return 1 and the doubles of an array, which the caller releases; 0 for anything else. */
static int
take_doubles(PyObject *object, Py_buffer *view, Py_ssize_t *count)
{
    if ((PyObject *)Py_TYPE(object) != array_type)
        return 0;
    if (PyObject_GetBuffer(object, view, PyBUF_FORMAT) < 0) {
        PyErr_Clear();
        return 0;
    }
    *count = view->len / (Py_ssize_t)sizeof(double);
    if (!strcmp(view->format, "d"))
        return 1;
    PyBuffer_Release(view);
    return 0;
}

/* Return an array of the same double of each Value: its number or its gradient. */
static PyObject *
read_all(PyObject *iterable, PyObject *what, size_t place)
{
    PyObject *values = take_values(iterable);
    if (!values)
        return NULL;
    const Py_ssize_t count = PyTuple_GET_SIZE(values);
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(double));
    for (Py_ssize_t i = 0; bytes && i < count; i++) {
        Node *value = VALUE_AT(values, i);
        if (IS_FROZEN(value, what)) {
            Py_CLEAR(bytes);
            break;
        }
        if (what == reading_data)
            note_reading(value);
        DOUBLES(bytes)[i] = *(double *)((char *)value + place);
    }
    Py_DECREF(values);
    return array_of(bytes);
}

static PyObject *
data_of(PyObject *Py_UNUSED(module), PyObject *iterable)
{
    return read_all(iterable, reading_data, offsetof(Node, data));
}

static PyObject *
gradients_of(PyObject *Py_UNUSED(module), PyObject *iterable)
{
    return read_all(iterable, reading_grad, offsetof(Node, grad));
}

/* are_floats(items): whether all items of a list or tuple are floats, and nothing but floats. */
static PyObject *
are_floats(PyObject *Py_UNUSED(module), PyObject *items)
{
    int fits = PyList_Check(items) || PyTuple_Check(items);
    PyObject **found = fits ? PySequence_Fast_ITEMS(items) : NULL;
    for (Py_ssize_t i = 0; fits && i < PySequence_Fast_GET_SIZE(items); i++)
        fits = PyFloat_CheckExact(found[i]);
    return PyBool_FromLong(fits);
}

/* read_data(values, numbers): put the number of each Value of a tuple in an array of doubles. */
static PyObject *
read_data(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    PyObject *given;
    Py_buffer view;
    if (!PyArg_ParseTuple(arguments, "Ow*", &given, &view))
        return NULL;
    PyObject *values = take_values(given);
    if (values && view.len != PyTuple_GET_SIZE(values) * (Py_ssize_t)sizeof(double)) {
        PyErr_Format(PyExc_ValueError,
                     "read_data: numbers must be a double for each of %zd Values, got %zd",
                     PyTuple_GET_SIZE(values), view.len / (Py_ssize_t)sizeof(double));
        Py_CLEAR(values);
    }
    for (Py_ssize_t i = 0; values && i < PyTuple_GET_SIZE(values); i++)
        ((double *)view.buf)[i] = VALUE_AT(values, i)->data;
    PyBuffer_Release(&view);
    Py_XDECREF(values);
    return values ? Py_NewRef(Py_None) : NULL;
}

static int
all_finite(const double *numbers, Py_ssize_t count)
{
    double excess = 0.0; /* the difference of an infinity or a NaN to itself is a NaN */
    for (Py_ssize_t i = 0; i < count; i++)
        excess += numbers[i] - numbers[i];
    return excess == 0.0;
}

/* are_finite(numbers): whether all numbers of an array are finite. */
static PyObject *
are_finite(PyObject *Py_UNUSED(module), PyObject *numbers)
{
    Py_buffer view;
    Py_ssize_t count;
    if (!take_doubles(numbers, &view, &count)) {
        PyErr_SetString(PyExc_TypeError, "are_finite: numbers must be an array of doubles");
        return NULL;
    }
    const int finite = all_finite(view.buf, count);
    PyBuffer_Release(&view);
    return PyBool_FromLong(finite);
}

/* norm_of(numbers): the Euclidean norm of an array, as the row `norm` computes it. */
static PyObject *
norm_of(PyObject *Py_UNUSED(module), PyObject *numbers)
{
    Py_buffer view;
    Py_ssize_t count;
    if (!take_doubles(numbers, &view, &count)) {
        PyErr_SetString(PyExc_TypeError, "norm_of: numbers must be an array of doubles");
        return NULL;
    }
    Operands *operands = operands_allocate(count);
    double norm = 0.0;
    if (operands) {
        for (Py_ssize_t i = 0; i < count; i++)
            operands->items[i] = (Operand){NULL, {((double *)view.buf)[i]}};
        norm = norm_many(operands->items, count);
        operands_release(operands);
    }
    PyBuffer_Release(&view);
    return operands ? PyFloat_FromDouble(norm) : NULL;
}

/* add_gradients(values, numbers, seed): add seed * number to the gradient of each of different leaves,
   all of them or none; return whether that was done. It is left to `backward` if a thread records,
   or if a gradient would not be finite. The numbers are an array of doubles, or their bytes. */
static PyObject *
add_gradients(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t given)
{
    if (given != 3 || !PyTuple_CheckExact(arguments[0]) || !PyFloat_CheckExact(arguments[2])) {
        PyErr_SetString(PyExc_TypeError, "add_gradients needs a tuple, an array and a float");
        return NULL;
    }
    PyObject *values = arguments[0], *numbers = arguments[1];
    const double seed = PyFloat_AS_DOUBLE(arguments[2]);
    Py_buffer view = {.buf = NULL};
    Py_ssize_t count = 0;
    if (PyBytes_CheckExact(numbers)) {
        if (PyObject_GetBuffer(numbers, &view, PyBUF_SIMPLE) < 0)
            return NULL;
        count = view.len / (Py_ssize_t)sizeof(double);
    } else if (!take_doubles(numbers, &view, &count)) {
        PyErr_SetString(PyExc_TypeError, "add_gradients: numbers must be an array of doubles");
        return NULL;
    }
    double excess = 0.0; /* as in all_finite */
    int fits = !recorders && count == PyTuple_GET_SIZE(values);
    for (Py_ssize_t i = 0; fits && i < count; i++) {
        const Node *leaf = VALUE_AT(values, i);
        fits = IS_VALUE(leaf) && leaf->op == LEAF;
        if (fits) {
            const double sum = leaf->grad + (0.0 + seed * ((double *)view.buf)[i]);
            excess += sum - sum;
        }
    }
    fits = fits && excess == 0.0;
    for (Py_ssize_t i = 0; fits && i < count; i++) {
        Node *leaf = VALUE_AT(values, i);
        leaf->grad = leaf->grad + (0.0 + seed * ((double *)view.buf)[i]);
        leaf->has_grad = 1;
    }
    PyBuffer_Release(&view);
    return PyBool_FromLong(fits);
}

/* Put the floats of a tuple among doubles; return whether all are floats. */
static int
take_floats(PyObject *floats, double *numbers)
{
    int fits = 1;
    for (Py_ssize_t i = 0; fits && i < PyTuple_GET_SIZE(floats); i++) {
        fits = PyFloat_CheckExact(PyTuple_GET_ITEM(floats, i));
        if (fits)
            numbers[i] = PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(floats, i));
    }
    return fits;
}

/* store_data(values, numbers, owner=None, state=None): all steps that can fail come before the first
   number is stored. The numbers are an array of doubles, or an iterable of floats. */
static PyObject *
store_data(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    PyObject *iterable, *given, *owner = Py_None, *state = Py_None;
    if (!PyArg_ParseTuple(arguments, "OO|OO", &iterable, &given, &owner, &state))
        return NULL;
    PyObject *values = take_values(iterable);
    if (!values)
        return NULL;
    const Py_ssize_t count = PyTuple_GET_SIZE(values);
    Py_buffer view;
    Py_ssize_t found;
    PyObject *bytes = NULL; /* a copy: an attribute of the owner may change an array */
    if (take_doubles(given, &view, &found)) {
        if (found == count)
            bytes = PyBytes_FromStringAndSize(view.buf, view.len);
        PyBuffer_Release(&view);
        if (!bytes && !PyErr_Occurred())
            raise_from(PyObject_CallFunction(no_numbers, "nO", count, given));
    } else {
        PyObject *floats = PySequence_Tuple(given);
        if (floats)
            bytes = PyBytes_FromStringAndSize(NULL, PyTuple_GET_SIZE(floats) * (Py_ssize_t)sizeof(double));
        if (bytes && (PyTuple_GET_SIZE(floats) != count || !take_floats(floats, DOUBLES(bytes)))) {
            raise_from(PyObject_CallFunction(no_numbers, "nO", count, floats));
            Py_CLEAR(bytes);
        }
        Py_XDECREF(floats);
    }
    int fits = bytes != NULL;
    for (Py_ssize_t i = 0; fits && recorders && i < count; i++)
        fits = refuse_writing(VALUE_AT(values, i)) == 0;
    if (fits && owner != Py_None)
        fits = PyObject_SetAttrString(owner, "_state", state) == 0;
    for (Py_ssize_t i = 0; fits && i < count; i++)
        VALUE_AT(values, i)->data = DOUBLES(bytes)[i];
    Py_DECREF(values);
    Py_XDECREF(bytes);
    return fits ? Py_NewRef(Py_None) : NULL;
}

/* collected(phase, info): a function for `gc.callbacks`. */
static PyObject *
collected(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    const char *phase;
    PyObject *info, *generation;
    if (!PyArg_ParseTuple(arguments, "sO!", &phase, &PyDict_Type, &info))
        return NULL;
    generation = PyDict_GetItemString(info, "generation");
    if (!strcmp(phase, "stop") && generation && PyLong_Check(generation)
        && PyLong_AsLong(generation) == 2)
        release_empty();
    Py_RETURN_NONE;
}

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
            PyErr_Format(PyExc_TypeError, "expected a Value, got %R", item);
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
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(values); i++)
        VALUE_AT(values, i)->grad = 0.0;
    Py_DECREF(values);
    Py_RETURN_NONE;
}

static double
data_number(const Node *node)
{
    return node->data;
}

static double
grad_number(const Node *node)
{
    return node->grad;
}

/* Return a list of one number for each Value. */
static PyObject *
list_of(PyObject *iterable, double (*number_of)(const Node *))
{
    PyObject *values = take_values(iterable);
    PyObject *list = values ? PyList_New(PyTuple_GET_SIZE(values)) : NULL;
    for (Py_ssize_t i = 0; list && i < PyList_GET_SIZE(list); i++) {
        PyObject *item = PyFloat_FromDouble(number_of(VALUE_AT(values, i)));
        if (item)
            PyList_SET_ITEM(list, i, item);
        else
            Py_CLEAR(list);
    }
    Py_XDECREF(values);
    return list;
}

static PyObject *
data_of(PyObject *Py_UNUSED(module), PyObject *iterable)
{
    return list_of(iterable, data_number);
}

static PyObject *
gradients_of(PyObject *Py_UNUSED(module), PyObject *iterable)
{
    return list_of(iterable, grad_number);
}

/* store_data(values, numbers, owner=None, state=None): all steps that can fail come before the first
   number is stored. */
static PyObject *
store_data(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    PyObject *iterable, *numbers, *owner = Py_None, *state = Py_None;
    if (!PyArg_ParseTuple(arguments, "OO|OO", &iterable, &numbers, &owner, &state))
        return NULL;
    PyObject *values = take_values(iterable);
    numbers = values ? PySequence_Tuple(numbers) : NULL;
    int fits = numbers && PyTuple_GET_SIZE(values) == PyTuple_GET_SIZE(numbers);
    for (Py_ssize_t i = 0; fits && i < PyTuple_GET_SIZE(numbers); i++)
        fits = PyFloat_CheckExact(PyTuple_GET_ITEM(numbers, i));
    if (!fits && !PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "expected as many floats as Values");
    if (fits && owner != Py_None)
        fits = PyObject_SetAttrString(owner, "_state", state) == 0;
    for (Py_ssize_t i = 0; fits && i < PyTuple_GET_SIZE(values); i++)
        VALUE_AT(values, i)->data = PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(numbers, i));
    Py_XDECREF(values);
    Py_XDECREF(numbers);
    return fits ? Py_NewRef(Py_None) : NULL;
}

/* --- the update rules --------------------------------------------------------------------------- */

enum { MOST_LISTS = 4, MOST_NUMBERS = 8 };

typedef double (*Item)(const double *of_lists, const double *numbers);

static PyObject *
updated(Item item, int lists, int numbers, PyObject *const *arguments, Py_ssize_t given)
{
    double of_lists[MOST_LISTS], of_numbers[MOST_NUMBERS];
    if (given != lists + numbers)
        return PyErr_Format(PyExc_TypeError, "expected %d lists and %d numbers", lists, numbers);
    for (int j = 0; j < lists; j++)
        if (!PyList_CheckExact(arguments[j])
            || PyList_GET_SIZE(arguments[j]) != PyList_GET_SIZE(arguments[0]))
            return PyErr_Format(PyExc_TypeError, "expected lists of equal length");
    for (int j = 0; j < numbers; j++) {
        of_numbers[j] = PyFloat_AsDouble(arguments[lists + j]);
        if (of_numbers[j] == -1.0 && PyErr_Occurred())
            return NULL;
    }
    PyObject *result = PyList_New(PyList_GET_SIZE(arguments[0]));
    for (Py_ssize_t i = 0; result && i < PyList_GET_SIZE(result); i++) {
        PyObject *number = NULL;
        int floats = 1;
        for (int j = 0; floats && j < lists; j++) {
            floats = i < PyList_GET_SIZE(arguments[j])
                     && PyFloat_CheckExact(PyList_GET_ITEM(arguments[j], i));
            if (floats)
                of_lists[j] = PyFloat_AS_DOUBLE(PyList_GET_ITEM(arguments[j], i));
        }
        if (floats)
            number = PyFloat_FromDouble(item(of_lists, of_numbers));
        else
            PyErr_SetString(PyExc_TypeError, "expected lists of floats");
        if (number)
            PyList_SET_ITEM(result, i, number);
        else
            Py_CLEAR(result);
    }
    return result;
}

#define DEFINE_UPDATE(NAME, LISTS, NUMBERS)                                                        \
    static_assert(LISTS <= MOST_LISTS && NUMBERS <= MOST_NUMBERS, "room for " #NAME);              \
    static PyObject *NAME##_update(PyObject *Py_UNUSED(module), PyObject *const *arguments,        \
                                   Py_ssize_t given)                                               \
    {                                                                                              \
        return updated(NAME##_item, LISTS, NUMBERS, arguments, given);                             \
    }
UPDATE_ROWS(DEFINE_UPDATE)

#define UPDATE_METHOD(NAME, ...) {#NAME, (PyCFunction)(void (*)(void))NAME##_update, METH_FASTCALL},

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

static PyMethodDef bulk_methods[] = {
    {"collected", collected, METH_VARARGS},
    {"zero_gradients", zero_gradients, METH_O},
    {"data_of", data_of, METH_O},
    {"gradients_of", gradients_of, METH_O},
    {"store_data", store_data, METH_VARARGS},
    UPDATE_ROWS(UPDATE_METHOD)
    {NULL},
};

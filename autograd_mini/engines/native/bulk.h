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

/* Return a list of one number for each Value. */
static PyObject *
list_of(PyObject *iterable, PyObject *(*get)(PyObject *, void *))
{
    PyObject *values = take_values(iterable);
    PyObject *list = values ? PyList_New(PyTuple_GET_SIZE(values)) : NULL;
    for (Py_ssize_t i = 0; list && i < PyList_GET_SIZE(list); i++) {
        PyObject *item = get((PyObject *)VALUE_AT(values, i), NULL);
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
    return list_of(iterable, get_data);
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

static PyObject *
gradients_of(PyObject *Py_UNUSED(module), PyObject *iterable)
{
    return list_of(iterable, get_grad);
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
        raise_from(PyObject_CallFunction(no_numbers, "nO", PyTuple_GET_SIZE(values), numbers));
    for (Py_ssize_t i = 0; fits && recorders && i < PyTuple_GET_SIZE(values); i++)
        fits = refuse_writing(VALUE_AT(values, i)) == 0;
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

/* Call the rule in Python, which takes other sequences and numbers too, or raises an error. */
static PyObject *
update_as_reference(const char *name, PyObject *const *arguments, Py_ssize_t given)
{
    PyObject *update = PyMapping_GetItemString(updates, name);
    PyObject *result = update ? PyObject_Vectorcall(update, arguments, (size_t)given, NULL) : NULL;
    Py_XDECREF(update);
    return result;
}

static PyObject *
update(const char *name, Item item, int lists, int numbers, PyObject *const *arguments,
       Py_ssize_t given)
{
    double of_lists[MOST_LISTS], of_numbers[MOST_NUMBERS];
    int plain = given == lists + numbers;
    for (int j = 0; plain && j < lists; j++)
        plain = PyList_CheckExact(arguments[j])
                && PyList_GET_SIZE(arguments[j]) == PyList_GET_SIZE(arguments[0]);
    for (int j = 0; plain && j < numbers; j++) {
        plain = PyFloat_CheckExact(arguments[lists + j]);
        if (plain)
            of_numbers[j] = PyFloat_AS_DOUBLE(arguments[lists + j]);
    }
    PyObject *result = plain ? PyList_New(PyList_GET_SIZE(arguments[0])) : NULL;
    if (plain && !result)
        return NULL;
    for (Py_ssize_t i = 0; plain && i < PyList_GET_SIZE(result); i++) {
        for (int j = 0; plain && j < lists; j++) {
            plain = i < PyList_GET_SIZE(arguments[j])
                    && PyFloat_CheckExact(PyList_GET_ITEM(arguments[j], i));
            if (plain)
                of_lists[j] = PyFloat_AS_DOUBLE(PyList_GET_ITEM(arguments[j], i));
        }
        PyObject *number = plain ? PyFloat_FromDouble(item(of_lists, of_numbers)) : NULL;
        if (number)
            PyList_SET_ITEM(result, i, number);
        else
            Py_CLEAR(result);
        if (plain && !number)
            return NULL;
    }
    return plain ? result : update_as_reference(name, arguments, given);
}

#define DEFINE_UPDATE(NAME, LISTS, NUMBERS)                                                        \
    static_assert(LISTS <= MOST_LISTS && NUMBERS <= MOST_NUMBERS, "room for " #NAME);              \
    static PyObject *NAME##_update(PyObject *Py_UNUSED(module), PyObject *const *arguments,        \
                                   Py_ssize_t given)                                               \
    {                                                                                              \
        return update(#NAME, NAME##_item, LISTS, NUMBERS, arguments, given);                            \
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

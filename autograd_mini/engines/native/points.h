/* `Replay.point`: a run for one sample, whose inputs are floats and the numbers of Values. */

/* Let the columns of a point be its doubles, one after the other. */
static int
make_columns(Columns *columns, double *doubles, Py_ssize_t count)
{
    columns->columns.items = PyMem_RawMalloc(((size_t)count + 1) * sizeof(Column));
    if (!columns->columns.items)
        return out_of_memory();
    columns->columns.count = columns->columns.capacity = (size_t)count;
    for (Py_ssize_t i = 0; i < count; i++)
        columns->columns.items[i] = (Column){(char *)(doubles + i), sizeof(double), 0.0};
    return 0;
}

/* Fill doubles with floats of a list and the numbers of Values of a tuple. */
static int
take_inputs(double *doubles, PyObject *floats, PyObject *values)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(floats); i++) {
        PyObject *item = PyList_GET_ITEM(floats, i);
        if (!PyFloat_CheckExact(item)) {
            PyErr_SetString(PyExc_TypeError, "the numbers of a point must be floats");
            return -1;
        }
        *doubles++ = PyFloat_AS_DOUBLE(item);
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(values); i++) {
        if (!IS_VALUE(PyTuple_GET_ITEM(values, i))) {
            PyErr_SetString(PyExc_TypeError, "the parameters of a point must be Values");
            return -1;
        }
        *doubles++ = VALUE_AT(values, i)->data;
    }
    return 0;
}

static PyObject *
list_doubles(const double *doubles, Py_ssize_t count)
{
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *number = PyFloat_FromDouble(doubles[i]);
        if (number)
            PyList_SET_ITEM(list, i, number);
        else
            Py_CLEAR(list);
    }
    return list;
}

/* point(numbers, values, strict, count, rest): the first results as a list; the others go to the array
   `rest`. Returns (unknown, flagged) as `run` does, if the sample is not clean. */
static PyObject *
replay_point(PyObject *object, PyObject *arguments)
{
    Replay *self = (Replay *)object;
    PyObject *floats, *values, *result = NULL;
    int is_strict;
    Py_ssize_t count;
    Py_buffer rest;
    if (!PyArg_ParseTuple(arguments, "O!O!inw*:point", &PyList_Type, &floats, &PyTuple_Type, &values,
                          &is_strict, &count, &rest))
        return NULL;
    const Py_ssize_t given = PyList_GET_SIZE(floats) + PyTuple_GET_SIZE(values);
    const Py_ssize_t width = count + rest.len / (Py_ssize_t)sizeof(double);
    double *doubles = PyMem_RawMalloc(((size_t)given + (size_t)count + 1) * sizeof(double));
    Buffers buffers;
    memset(&buffers, 0, sizeof buffers);
    int done = doubles ? 0 : out_of_memory();
    if (done == 0 && (!self->count || self->sums || self->numbers || count < 0)) {
        PyErr_SetString(PyExc_ValueError, "a point must have a path without parameters");
        done = -1;
    }
    if (done == 0)
        done = take_inputs(doubles, floats, values);
    if (done == 0)
        done = make_columns(&buffers.columns, doubles, given);
    if (done == 0)
        done = make_columns(&buffers.results, doubles + given, width);
    if (done == 0)
        done = make_columns(&buffers.numbers, doubles, 1);
    for (Py_ssize_t i = count; done == 0 && i < width; i++)
        buffers.results.columns.items[i].base = (char *)rest.buf + (i - count) * (Py_ssize_t)sizeof(double);
    if (done == 0)
        done = check_columns(self, &buffers);
    if (done == 0)
        result = run_buffers(self, &buffers, 0, 1, is_strict);
    if (result == Py_None) {
        Py_DECREF(result);
        result = list_doubles(doubles + given, count);
    }
    columns_release(&buffers.columns);
    columns_release(&buffers.results);
    columns_release(&buffers.numbers);
    PyMem_RawFree(doubles);
    PyBuffer_Release(&rest);
    return result;
}

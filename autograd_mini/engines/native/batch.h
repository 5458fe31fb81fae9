/* `Replay.batch`: a run for a small batch whose arguments are arrays of doubles. Calling what does the
   same in Python, from reading the arguments on, would take as long as the run itself. */

/* The argument of a batch is described by a number: 0 is a float, 1 an array of one axis, 1 + k an
   array of two axes, whose second has the length k. */
typedef struct {
    Py_buffer *views;
    Py_ssize_t *widths;
    Py_ssize_t count, samples, columns;
} Arrays;

static void
arrays_release(Arrays *arrays)
{
    for (Py_ssize_t i = 0; i < arrays->count; i++)
        PyBuffer_Release(&arrays->views[i]);
    PyMem_RawFree(arrays->views);
    PyMem_RawFree(arrays->widths);
}

/* Take the buffer of one argument; return 0 if it is not as described, -1 without memory. */
static int
take_array(Arrays *arrays, PyObject *given, Py_ssize_t shape)
{
    const Py_ssize_t i = arrays->count;
    if (!shape)
        return PyFloat_CheckExact(given);
    if (strcmp(Py_TYPE(given)->tp_name, "numpy.ndarray"))
        return 0;
    Py_buffer *view = &arrays->views[i];
    if (PyObject_GetBuffer(given, view, PyBUF_RECORDS_RO) < 0) {
        PyErr_Clear(); /* such as an array of objects */
        return 0;
    }
    arrays->widths[i] = shape == 1 ? 1 : shape - 1;
    if (!has_doubles(view) || view->ndim != 1 + (shape > 1)
        || (shape > 1 && view->shape[1] != shape - 1)
        || (arrays->samples >= 0 && view->shape[0] != arrays->samples)) {
        PyBuffer_Release(view);
        return 0;
    }
    arrays->samples = view->shape[0];
    arrays->columns += arrays->widths[i];
    return 1;
}

/* Take the arguments; return 0 if they are not as described, -1 without memory. */
static int
take_arrays(Arrays *arrays, PyObject *given, PyObject *shapes)
{
    const Py_ssize_t count = PyTuple_GET_SIZE(given);
    memset(arrays, 0, sizeof *arrays);
    arrays->samples = -1;
    arrays->views = PyMem_RawCalloc((size_t)count + 1, sizeof *arrays->views);
    arrays->widths = PyMem_RawCalloc((size_t)count + 1, sizeof *arrays->widths);
    if (!arrays->views || !arrays->widths)
        return out_of_memory();
    int fits = PyTuple_GET_SIZE(shapes) == count;
    for (; fits && arrays->count < count; arrays->count += fits)
        fits = take_array(arrays, PyTuple_GET_ITEM(given, arrays->count),
                          PyLong_AsSsize_t(PyTuple_GET_ITEM(shapes, arrays->count)));
    return fits;
}

/* Copy the numbers of the arrays, a column after the other, and describe the columns. */
static int
copy_arrays(const Arrays *arrays, PyObject *given, double *copy, Columns *columns)
{
    for (Py_ssize_t i = 0; i < arrays->count; i++) {
        const Py_buffer *view = &arrays->views[i];
        if (!arrays->widths[i]) {
            const double number = PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(given, i));
            ADD_TO(&columns->columns, (Column){NULL, 0, number});
            continue;
        }
        for (Py_ssize_t k = 0; k < arrays->widths[i]; k++, copy += arrays->samples) {
            char *base = (char *)view->buf + (view->ndim == 2 ? k * view->strides[1] : 0);
            const Column column = {base, view->strides[0], 0.0};
            for (Py_ssize_t sample = 0; sample < arrays->samples; sample++)
                copy[sample] = read_number(&column, sample);
            ADD_TO(&columns->columns, (Column){(char *)copy, sizeof(double), 0.0});
        }
    }
    return 0;
}

static PyObject *
new_doubles(Py_ssize_t count)
{
    return PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(double));
}

#define DOUBLES_OF(bytes) ((double *)(void *)PyBytes_AS_STRING(bytes))

/* Run the arrays; return (inputs, numbers, results, sums), or None if a sample is not clean. */
static PyObject *
run_arrays(Replay *self, const Arrays *arrays, PyObject *given, PyObject *values, int is_strict)
{
    const Py_ssize_t parameters = PyTuple_GET_SIZE(values);
    PyObject *inputs = new_doubles(arrays->samples * arrays->columns);
    PyObject *numbers = new_doubles(parameters), *results = new_doubles(arrays->samples);
    PyObject *sums = new_doubles(parameters), *found = NULL, *made = NULL;
    Buffers buffers;
    memset(&buffers, 0, sizeof buffers);
    int done = inputs && numbers && results && sums ? 0 : -1;
    for (Py_ssize_t i = 0; done == 0 && i < parameters; i++)
        DOUBLES_OF(numbers)[i] = VALUE_AT(values, i)->data;
    if (done == 0)
        done = copy_arrays(arrays, given, DOUBLES_OF(inputs), &buffers.columns);
    if (done == 0)
        done = make_columns(&buffers.results, DOUBLES_OF(results), 1);
    if (done == 0)
        done = make_columns(&buffers.numbers, DOUBLES_OF(numbers), 1);
    if (done == 0)
        done = make_columns(&buffers.sums, DOUBLES_OF(sums), 1);
    if (done == 0)
        done = make_columns(&buffers.seed, NULL, 1);
    if (done == 0) {
        buffers.seed.columns.items[0] = (Column){NULL, 0, 1.0};
        done = check_columns(self, &buffers);
    }
    if (done == 0)
        found = run_buffers(self, &buffers, 0, arrays->samples, is_strict);
    if (found == Py_None)
        made = PyTuple_Pack(4, inputs, numbers, results, sums);
    else if (found)
        made = Py_NewRef(Py_None);
    Py_XDECREF(found);
    Py_XDECREF(inputs);
    Py_XDECREF(numbers);
    Py_XDECREF(results);
    Py_XDECREF(sums);
    columns_release(&buffers.columns);
    columns_release(&buffers.results);
    columns_release(&buffers.numbers);
    columns_release(&buffers.sums);
    columns_release(&buffers.seed);
    return made;
}

/* batch(arguments, shapes, parameters, strict, most): run at most so many samples with the seed 1.
   Returns bytes of doubles: the inputs, a column after the other, the parameters, the results and the
   sums; or None if an argument is not as `shapes` say, or a sample is not clean. */
static PyObject *
replay_batch(PyObject *object, PyObject *arguments)
{
    Replay *self = (Replay *)object;
    PyObject *given, *shapes, *values, *made = NULL;
    int is_strict;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(arguments, "O!O!O!in:batch", &PyTuple_Type, &given, &PyTuple_Type, &shapes,
                          &PyTuple_Type, &values, &is_strict, &most))
        return NULL;
    int fits = self->sums && self->count && self->numbers <= PyTuple_GET_SIZE(values);
    for (Py_ssize_t i = 0; fits && i < PyTuple_GET_SIZE(values); i++)
        fits = IS_VALUE(PyTuple_GET_ITEM(values, i));
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "a batch must have paths with sums, and their parameters");
        return NULL;
    }
    Arrays arrays;
    const int taken = take_arrays(&arrays, given, shapes);
    if (taken > 0 && arrays.samples > 0 && arrays.samples <= most)
        made = run_arrays(self, &arrays, given, values, is_strict);
    else if (taken >= 0)
        made = Py_NewRef(Py_None);
    arrays_release(&arrays);
    return made;
}

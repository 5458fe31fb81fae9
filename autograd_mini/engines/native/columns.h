/* Columns of numbers: the inputs, seeds and results of a replay, in buffers with any strides. */

/* The number of sample i is at base + i * stride; without a base, `number` is that of all samples. */
typedef struct {
    char *base;
    Py_ssize_t stride;
    double number;
} Column;

typedef struct {
    LIST_OF(Column) columns;
    LIST_OF(Py_buffer) buffers; /* their views are released together */
} Columns;

static void
columns_release(Columns *columns)
{
    for (size_t i = 0; i < columns->buffers.count; i++)
        PyBuffer_Release(&columns->buffers.items[i]);
    PyMem_RawFree(columns->buffers.items);
    PyMem_RawFree(columns->columns.items);
}

/* The memory for a few items costs less than the 1024 that `grow` begins with. */
#define ADD_TO(list, ...)                                                                          \
    do {                                                                                           \
        if (!(list)->items && ((list)->items = PyMem_RawMalloc(16 * sizeof *(list)->items)))       \
            (list)->capacity = 16;                                                                 \
        if (!(list)->items || CANNOT_GROW(list))                                                   \
            return out_of_memory();                                                                \
        (list)->items[(list)->count++] = __VA_ARGS__;                                              \
    } while (0)

static int
has_doubles(const Py_buffer *view)
{
    const char *format = view->format ? view->format : "B";
    const char orders[] = {'@', '=', PY_LITTLE_ENDIAN ? '<' : '>'};
    if (memchr(orders, format[0], sizeof orders))
        format++;
    return format[0] == 'd' && !format[1] && view->itemsize == sizeof(double) && view->ndim >= 1
           && view->ndim <= 2 && !view->suboffsets;
}

/* Add the columns of an object: a float, or a buffer of at least `length` samples. */
static int
take_columns(Columns *columns, PyObject *object, Py_ssize_t length, int flags)
{
    if (PyFloat_Check(object)) {
        ADD_TO(&columns->columns, (Column){NULL, 0, PyFloat_AS_DOUBLE(object)});
        return 0;
    }
    ADD_TO(&columns->buffers, (Py_buffer){.obj = NULL}); /* releasing that does nothing */
    Py_buffer *view = &columns->buffers.items[columns->buffers.count - 1];
    if (PyObject_GetBuffer(object, view, flags) < 0)
        return -1;
    if (!has_doubles(view) || view->shape[0] < length) {
        PyErr_SetString(PyExc_ValueError, "a column must be a buffer of a double for each sample");
        return -1;
    }
    const Py_ssize_t many = view->ndim == 2 ? view->shape[1] : 1;
    for (Py_ssize_t k = 0; k < many; k++) {
        char *base = (char *)view->buf + (view->ndim == 2 ? k * view->strides[1] : 0);
        ADD_TO(&columns->columns, (Column){base, view->strides[0], 0.0});
    }
    return 0;
}

/* The same for a sequence of objects. */
static int
take_sequence(Columns *columns, PyObject *sequence, Py_ssize_t length, int flags)
{
    PyObject *objects = PySequence_Fast(sequence, "columns must be a sequence");
    if (!objects)
        return -1;
    int taken = 0;
    for (Py_ssize_t i = 0; taken == 0 && i < PySequence_Fast_GET_SIZE(objects); i++)
        taken = take_columns(columns, PySequence_Fast_GET_ITEM(objects, i), length, flags);
    Py_DECREF(objects);
    return taken;
}

INLINE double
read_number(const Column *column, Py_ssize_t i)
{
    double number = column->number;
    if (column->base)
        memcpy(&number, column->base + i * column->stride, sizeof number);
    return number;
}

INLINE void
write_number(const Column *column, Py_ssize_t i, double number)
{
    memcpy(column->base + i * column->stride, &number, sizeof number);
}

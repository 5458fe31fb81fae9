/* The update rules of the optimizers, over arrays of doubles. */

enum { MOST_ARRAYS = 4, MOST_NUMBERS = 8 };

typedef void (*Update)(double *out, const double *const *arrays, const double *numbers,
                       Py_ssize_t count);

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
update(const char *name, Update compute, int arrays, int numbers, PyObject *const *arguments,
       Py_ssize_t given)
{
    Py_buffer views[MOST_ARRAYS];
    const double *columns[MOST_ARRAYS];
    double of_numbers[MOST_NUMBERS];
    Py_ssize_t count = 0, length = 0;
    int taken = 0, plain = given == arrays + numbers;
    for (int j = 0; plain && j < numbers; j++) {
        plain = PyFloat_CheckExact(arguments[arrays + j]);
        if (plain)
            of_numbers[j] = PyFloat_AS_DOUBLE(arguments[arrays + j]);
    }
    while (plain && taken < arrays) {
        plain = take_doubles(arguments[taken], &views[taken], taken ? &length : &count);
        if (plain) {
            columns[taken] = views[taken].buf;
            plain = !taken++ || length == count;
        }
    }
    PyObject *bytes = NULL;
    if (plain) {
        bytes = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(double));
        if (bytes)
            compute(DOUBLES(bytes), columns, of_numbers, count);
    }
    while (taken)
        PyBuffer_Release(&views[--taken]);
    return plain ? array_of(bytes) : update_as_reference(name, arguments, given);
}

#define DEFINE_UPDATE(NAME, LETTERS, ARRAYS, NUMBERS)                                                     \
    static_assert(ARRAYS <= MOST_ARRAYS && NUMBERS <= MOST_NUMBERS, "room for " #NAME);            \
    static CLONES void NAME##_update_all(double *out, const double *const *arrays,                 \
                                         const double *numbers, Py_ssize_t count)                  \
    {                                                                                              \
        INDEPENDENT                                                                                \
        for (Py_ssize_t i = 0; i < count; i++) {                                                   \
            double items[ARRAYS];                                                                  \
            for (int j = 0; j < ARRAYS; j++)                                                       \
                items[j] = arrays[j][i];                                                           \
            out[i] = NAME##_item(items, numbers);                                                  \
        }                                                                                          \
    }                                                                                              \
    static PyObject *NAME##_update(PyObject *Py_UNUSED(module), PyObject *const *arguments,        \
                                   Py_ssize_t given)                                               \
    {                                                                                              \
        return update(#NAME, NAME##_update_all, ARRAYS, NUMBERS, arguments, given);                \
    }
UPDATE_ROWS(DEFINE_UPDATE)

#define UPDATE_METHOD(NAME, ...) {#NAME, (PyCFunction)(void (*)(void))NAME##_update, METH_FASTCALL},

/* --- a step of an optimizer --------------------------------------------------------------------- */

#define UPDATE_RULE(NAME, LETTERS, ARRAYS, NUMBERS) {#NAME, LETTERS, NUMBERS, NAME##_update_all},
static const struct {
    const char *name, *letters; /* of its arrays; the first one is replaced */
    int numbers;
    Update compute;
} update_rules[] = {UPDATE_ROWS(UPDATE_RULE)};

/* What a step needs: an array of doubles for each letter, w and g first, then those of the moments. */
typedef struct {
    Py_ssize_t count;
    char letters[MOST_ARRAYS + 3]; /* and a zero */
    double *arrays[MOST_ARRAYS + 2];
    PyObject *bytes[MOST_ARRAYS + 2]; /* of each moment that a rule has replaced */
} StepArrays;

/* Run a rule: a tuple of a name and numbers. Return whether it could run. */
static int
run_rule(StepArrays *step, PyObject *rule)
{
    const size_t all = sizeof update_rules / sizeof *update_rules;
    if (!PyTuple_Check(rule) || !PyTuple_GET_SIZE(rule) || !PyUnicode_Check(PyTuple_GET_ITEM(rule, 0)))
        return 0;
    size_t k = 0;
    while (k < all && !PyUnicode_EqualToUTF8(PyTuple_GET_ITEM(rule, 0), update_rules[k].name))
        k++;
    if (k == all || PyTuple_GET_SIZE(rule) - 1 != update_rules[k].numbers)
        return 0;
    double numbers[MOST_NUMBERS];
    for (int j = 0; j < update_rules[k].numbers; j++) {
        if (!PyFloat_CheckExact(PyTuple_GET_ITEM(rule, j + 1)))
            return 0;
        numbers[j] = PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(rule, j + 1));
    }
    const double *arrays[MOST_ARRAYS];
    Py_ssize_t first = 0;
    for (int j = 0; update_rules[k].letters[j]; j++) {
        const char *place = strchr(step->letters, update_rules[k].letters[j]);
        if (!place)
            return 0;
        if (!j)
            first = place - step->letters;
        arrays[j] = step->arrays[place - step->letters];
    }
    double *out = step->arrays[first];
    if (first > 1 && !step->bytes[first]) { /* the old moment stays as it is */
        step->bytes[first] = PyBytes_FromStringAndSize(NULL, step->count * (Py_ssize_t)sizeof(double));
        if (!step->bytes[first])
            return 0;
        out = DOUBLES(step->bytes[first]);
    }
    update_rules[k].compute(out, arrays, numbers, step->count);
    step->arrays[first] = out;
    return 1;
}

/* Return the new state, a named tuple of the number of steps and of the moments. */
static PyObject *
make_state(const StepArrays *step, PyObject *state, PyObject *moments)
{
    PyObject *fresh = PyTuple_New(PyTuple_GET_SIZE(moments));
    for (Py_ssize_t i = 0; fresh && i < PyTuple_GET_SIZE(moments); i++) {
        PyObject *bytes = step->bytes[i + 2];
        PyObject *moment = bytes ? array_of(Py_NewRef(bytes)) : Py_NewRef(PyTuple_GET_ITEM(moments, i));
        if (moment)
            PyTuple_SET_ITEM(fresh, i, moment);
        else
            Py_CLEAR(fresh);
    }
    PyObject *one = PyLong_FromLong(1);
    PyObject *steps = one ? PyNumber_Add(PyTuple_GET_ITEM(state, 0), one) : NULL;
    Py_XDECREF(one);
    PyObject *arguments[] = {steps, fresh};
    PyObject *made = fresh && steps
                         ? PyObject_Vectorcall((PyObject *)Py_TYPE(state), arguments, 2, NULL) : NULL;
    Py_XDECREF(fresh);
    Py_XDECREF(steps);
    return made;
}

/* step_natively(optimizer, parameters, state, letters, rules): move all parameters and store the new
   state, or change nothing. It returns False if a new number is not finite, or if something is not
   as C expects it; then `Optimizer.step` does the step, or raises the error that is due. */
static PyObject *
step_natively(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t given)
{
    if (given != 5) {
        PyErr_SetString(PyExc_TypeError, "step_natively needs five arguments");
        return NULL;
    }
    PyObject *optimizer = arguments[0], *parameters = arguments[1], *state = arguments[2];
    PyObject *rules = arguments[4];
    Py_ssize_t size;
    const char *letters = PyUnicode_AsUTF8AndSize(arguments[3], &size);
    if (!letters)
        return NULL;
    if (recorders || !PyTuple_CheckExact(parameters) || !PyTuple_Check(state)
        || PyTuple_GET_SIZE(state) != 2 || !PyTuple_CheckExact(PyTuple_GET_ITEM(state, 1))
        || PyTuple_GET_SIZE(PyTuple_GET_ITEM(state, 1)) != size || size > MOST_ARRAYS
        || !PyList_CheckExact(rules))
        Py_RETURN_FALSE;
    PyObject *moments = PyTuple_GET_ITEM(state, 1);
    Py_buffer views[MOST_ARRAYS];
    StepArrays step = {.count = PyTuple_GET_SIZE(parameters), .letters = "wg"};
    memcpy(step.letters + 2, letters, (size_t)size + 1);
    Py_ssize_t taken = 0, found;
    int fits = 1;
    while (fits && taken < size) {
        fits = take_doubles(PyTuple_GET_ITEM(moments, taken), &views[taken], &found);
        if (fits) {
            step.arrays[taken + 2] = views[taken].buf;
            taken++;
            fits = found == step.count;
        }
    }
    double *numbers = fits ? PyMem_Malloc((2 * (size_t)step.count + 1) * sizeof(double)) : NULL;
    fits = numbers != NULL;
    if (fits) {
        step.arrays[0] = numbers;
        step.arrays[1] = numbers + step.count;
    }
    for (Py_ssize_t i = 0; fits && i < step.count; i++) {
        const Node *parameter = VALUE_AT(parameters, i);
        fits = IS_VALUE(parameter);
        if (fits) {
            step.arrays[0][i] = parameter->data;
            step.arrays[1][i] = parameter->grad;
        }
    }
    for (Py_ssize_t i = 0; fits && i < PyList_GET_SIZE(rules); i++)
        fits = run_rule(&step, PyList_GET_ITEM(rules, i));
    fits = fits && all_finite(numbers, step.count);
    for (Py_ssize_t i = 2; fits && i < size + 2; i++)
        fits = all_finite(step.arrays[i], step.count);
    PyObject *fresh = fits ? make_state(&step, state, moments) : NULL;
    fits = fresh && PyObject_SetAttr(optimizer, state_name, fresh) == 0;
    for (Py_ssize_t i = 0; fits && i < step.count; i++)
        VALUE_AT(parameters, i)->data = numbers[i];
    Py_XDECREF(fresh);
    PyMem_Free(numbers);
    for (Py_ssize_t i = 0; i < taken; i++)
        PyBuffer_Release(&views[i]);
    for (Py_ssize_t i = 2; i < size + 2; i++)
        Py_XDECREF(step.bytes[i]);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(fits);
}

/* Reads operands: Values, and real numbers as `autograd_mini.arguments.number` accepts them. */

/* Python objects of the reference engine that C calls for rare work: to convert unusual numbers, for
   results that are not finite, for the words of errors. */
static PyObject *number;          /* autograd_mini.arguments.number */
static PyObject *is_foreign;      /* autograd_mini.arguments.is_foreign */
static PyObject *strict;          /* three functions of autograd_mini.engines.nonfinite */
static PyObject *exceptional;
static PyObject *nonfinite_gradient;
static PyObject *read_operands;   /* three functions of autograd_mini.engines.templates */
static PyObject *unequal;
static PyObject *with_numbers;
static PyObject *no_value;        /* three functions of autograd_mini.engines.bulk */
static PyObject *no_numbers;
static PyObject *no_operands;
static PyObject *reference_sweep_back; /* two functions of autograd_mini.engines.sweeps */
static PyObject *reference_sweep_forward;
static PyObject *updates;         /* autograd_mini.table.updates.UPDATES */
static PyObject *array_type;      /* array.array */
static PyObject *check_name;      /* autograd_mini.engines.node.check_name */
static PyObject *no_outputs;      /* three objects of autograd_mini.engines.tapes */
static PyObject *refusal;
static PyObject *recording_type;
static PyObject *choice_type;     /* autograd_mini.engines.choices.Choice */
static PyObject *describe;        /* autograd_mini.engines.native.binding.describe */
static PyObject *reference;       /* autograd_mini.engines.value.Value */
static PyObject *reference_eq;    /* autograd_mini.engines.value.Value.__eq__ */

static PyObject *primitives[OP_COUNT]; /* the rows; for LEAF, None */
static PyObject *row_names[OP_COUNT];  /* their names */
static PyObject *operand_labels[OP_COUNT]; /* the words for their operands in errors */
static PyObject *argument_keyword;         /* ("argument",) */

/* The names of arguments that are not operands of a row, for errors. */
static PyObject *argument_value, *argument_data, *argument_grad, *argument_seed, *argument_comparison;

/* The names of attributes: of an optimizer, of a neuron, and of an activation. */
static PyObject *state_name, *weights_name, *bias_name, *activation_name, *fused_name, *function_name;

/* Raise the exception that a call has returned; if the call itself failed, its error stays. */
static void
raise_from(PyObject *error)
{
    if (error)
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_XDECREF(error);
}

/* Put a real number in `result` and return 0, or raise and return -1. */
static int
take_number(PyObject *object, PyObject *argument, double *result)
{
    if (PyFloat_CheckExact(object)) {
        *result = PyFloat_AS_DOUBLE(object);
        return 0;
    }
    if (PyLong_CheckExact(object)) {
        int overflow;
        long long exact = PyLong_AsLongLongAndOverflow(object, &overflow);
        if (!overflow && -(1LL << 53) <= exact && exact <= 1LL << 53) {
            *result = (double)exact;
            return 0;
        }
    }
    PyObject *arguments[] = {object, argument};
    PyObject *converted = PyObject_Vectorcall(number, arguments, 1, argument_keyword);
    if (!converted)
        return -1;
    *result = PyFloat_AsDouble(converted);
    Py_DECREF(converted);
    return *result == -1.0 && PyErr_Occurred() ? -1 : 0;
}

/* Do the same for an operand of an operator; return 1 if its type is foreign and should decide. */
static int
take_operand(PyObject *object, PyObject *argument, double *result)
{
    if (!PyFloat_Check(object) && !PyLong_Check(object)) {
        PyObject *answer = PyObject_CallOneArg(is_foreign, object);
        if (!answer)
            return -1;
        int foreign = PyObject_IsTrue(answer);
        Py_DECREF(answer);
        if (foreign)
            return foreign;
    }
    return take_number(object, argument, result);
}

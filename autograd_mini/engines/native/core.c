/* The module `autograd_mini.engines.native.core`: the engine of `autograd_mini.engines.value`, in C.

   It gives the results of the reference engine, bit for bit: the formulas are printed from the same
   table, and every sum adds its terms in the same order. C calls Python for rare work: unusual
   operands, results that are not finite, the words of errors. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef Py_GIL_DISABLED
#error "The native engine relies on the global interpreter lock; the Python engine does not."
#endif
#if FLT_EVAL_METHOD != 0
#error "Here the compiler computes with more digits than a double has, unlike Python."
#endif
#ifdef __FAST_MATH__
#error "Compile without -ffast-math: it changes results."
#endif

#if PY_VERSION_HEX < 0x030C0000
static PyObject *
PyErr_GetRaisedException(void)
{
    PyObject *kind, *raised, *traceback;
    PyErr_Fetch(&kind, &raised, &traceback);
    if (!kind)
        return NULL;
    PyErr_NormalizeException(&kind, &raised, &traceback);
    if (traceback)
        PyException_SetTraceback(raised, traceback);
    Py_XDECREF(kind);
    Py_XDECREF(traceback);
    return raised;
}

static void
PyErr_SetRaisedException(PyObject *raised)
{
    if (raised)
        PyErr_Restore(Py_NewRef((PyObject *)Py_TYPE(raised)), raised,
                      PyException_GetTraceback(raised));
    else
        PyErr_Restore(NULL, NULL, NULL);
}
#endif
#if PY_VERSION_HEX < 0x030D0000
#define PyUnicode_EqualToUTF8(unicode, text) (PyUnicode_CompareWithASCIIString(unicode, text) == 0)
#endif

/* For functions that every node passes through, and whose arguments the compiler often knows. */
#ifdef __GNUC__
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

/* An operand of a node. If it is a Value, the number is the partial derivative of the node with
   respect to it; otherwise the operand is a constant, and the number is this constant. */
typedef struct {
    struct Node *value;
    union {
        double number;
        struct Operands *many; /* only in the first operand of a Node; see there */
        PyObject *row;         /* only in the second operand of a node of OP_CUSTOM */
        uint64_t birth;        /* only in a leaf and in an argument of a transform; see there */
    };
} Operand;

#include "rules.h"

#include "node.h"
#include "numbers.h"
#include "recording.h"
#include "operations.h"
#include "backward.h"
#include "attributes.h"
#include "bulk.h"
#include "derivatives.h"
#include "functions.h"
#include "neurons.h"
#include "transforms.h"
#include "tape.h"

#include "opcodes.h"
#include "updates.h"
#include "lane_rows.h"
#define B 1
#include "lanes.h"
#undef B
#define B 64
#include "lanes.h"
#undef B
#include "careful.h"
#include "program.h"
#include "lowering.h"
#include "emission.h"
#include "reversal.h"
#include "columns.h"
#include "shard.h"
#include "paths.h"
#include "replay.h"
#include "runs.h"

static PyMethodDef core_methods[] = {
    {"collected", collected, METH_VARARGS},
    {"zero_gradients", zero_gradients, METH_O},
    {"custom_node", custom_node, METH_VARARGS},
    {"data_of", data_of, METH_O},
    {"are_finite", are_finite, METH_O},
    {"norm_of", norm_of, METH_O},
    {"add_gradients", (PyCFunction)(void (*)(void))add_gradients, METH_FASTCALL},
    {"are_floats", are_floats, METH_O},
    {"read_data", read_data, METH_VARARGS},
    {"gradients_of", gradients_of, METH_O},
    {"store_data", store_data, METH_VARARGS},
    {"count_leaves", count_leaves, METH_NOARGS},
    {"make_arguments", make_arguments, METH_O},
    {"number_of", number_of, METH_O},
    {"were_read", were_read, METH_O},
    {"begin_recording", begin_recording, METH_O},
    {"end_recording", end_recording, METH_O},
    {"is_recording", is_recording, METH_NOARGS},
    {"count_guards", count_guards, METH_NOARGS},
    {"is_frozen", is_frozen, METH_O},
    {"set_aside", set_aside, METH_VARARGS},
    {"operands_aside", operands_aside, METH_O},
    {"sweep_back", (PyCFunction)(void (*)(void))sweep_back, METH_FASTCALL},
    {"sweep_forward", (PyCFunction)(void (*)(void))sweep_forward, METH_FASTCALL},
    {"neuron_outputs", (PyCFunction)(void (*)(void))neuron_outputs, METH_FASTCALL},
    {"step_natively", (PyCFunction)(void (*)(void))step_natively, METH_FASTCALL},
    UPDATE_ROWS(UPDATE_METHOD)
    {NULL},
};

static PyMethodDef value_methods[] = {
    {"__sizeof__", node_sizeof, METH_NOARGS, NULL},
    {"_refuse", refuse_reading, METH_O, NULL},
    {NULL},
};

static PyType_Slot value_slots[] = {
    {Py_tp_alloc, value_alloc},
    {Py_tp_new, value_new},
    {Py_tp_dealloc, node_dealloc},
    {Py_tp_richcompare, node_compare},
    {Py_tp_hash, node_hash},
    {Py_tp_getset, attributes},
    {Py_tp_methods, value_methods},
    {Py_nb_add, add_operator},
    {Py_nb_subtract, sub_operator},
    {Py_nb_multiply, mul_operator},
    {Py_nb_true_divide, div_operator},
    {Py_nb_power, power_operator},
    {Py_nb_negative, neg_operator},
    {Py_nb_absolute, abs_operator},
    {0, NULL},
};

/* BASETYPE only lets the reference's `__init_subclass__` raise an error that explains itself. */
static PyType_Spec value_spec = {
    .name = "autograd_mini.Value",
    .basicsize = sizeof(Node),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = value_slots,
};

/* --- the module --------------------------------------------------------------------------------- */

static const struct {
    PyObject **object;
    const char *module, *name;
} borrowed[] = {
    {&number, "autograd_mini.arguments", "number"},
    {&is_foreign, "autograd_mini.arguments", "is_foreign"},
    {&strict, "autograd_mini.engines.nonfinite", "strict"},
    {&exceptional, "autograd_mini.engines.nonfinite", "exceptional"},
    {&read_operands, "autograd_mini.engines.templates", "read_operands"},
    {&unequal, "autograd_mini.engines.templates", "unequal"},
    {&with_numbers, "autograd_mini.engines.templates", "with_numbers"},
    {&no_value, "autograd_mini.engines.bulk", "no_value"},
    {&no_numbers, "autograd_mini.engines.bulk", "no_numbers"},
    {&no_operands, "autograd_mini.engines.bulk", "no_operands"},
    {&updates, "autograd_mini.table.updates", "UPDATES"},
    {&array_type, "array", "array"},
    {&check_name, "autograd_mini.engines.node", "check_name"},
    {&nonfinite_gradient, "autograd_mini.engines.nonfinite", "nonfinite_gradient"},
    {&reference_sweep_back, "autograd_mini.engines.sweeps", "sweep_back"},
    {&reference_sweep_forward, "autograd_mini.engines.sweeps", "sweep_forward"},
    {&no_outputs, "autograd_mini.engines.tapes", "no_outputs"},
    {&refusal, "autograd_mini.engines.tapes", "refusal"},
    {&recording_type, "autograd_mini.engines.tapes", "Recording"},
    {&choice_type, "autograd_mini.engines.choices", "Choice"},
    {&describe, "autograd_mini.engines.native.binding", "describe"},
    {&reference, "autograd_mini.engines.value", "Value"},
};

static const struct {
    PyObject **string;
    const char *text;
} strings[] = {
    {&argument_value, "Value: data"},
    {&argument_data, "Value.data"},
    {&argument_grad, "Value.grad"},
    {&argument_seed, "Value.backward: seed"},
    {&argument_comparison, "operand of a comparison"},
    {&reading_data, ".data"},
    {&reading_grad, ".grad"},
    {&reading_has_grad, ".has_grad"},
    {&reading_partials, ".partials"},
    {&reading_gradients, "gradients"},
    {&writing_data, ".data ="},
    {&writing_grad, ".grad ="},
    {&calling_backward, "backward()"},
    {&state_name, "_state"},
    {&weights_name, "weights"},
    {&bias_name, "bias"},
    {&activation_name, "activation"},
    {&fused_name, "fused"},
    {&function_name, "function"},
#define NAME_OF(NAME, ...) {&row_names[OP_##NAME], #NAME},
    UNARY_ROWS(NAME_OF)
    BINARY_ROWS(NAME_OF)
    MANY_ROWS(NAME_OF)
};

static PyObject *
imported(const char *module, const char *name)
{
    PyObject *from = PyImport_ImportModule(module);
    PyObject *object = from ? PyObject_GetAttrString(from, name) : NULL;
    Py_XDECREF(from);
    return object;
}

/* Replace a reference, unless there is nothing to replace it with. */
static int
replace(PyObject **reference, PyObject *object)
{
    if (!object)
        return -1;
    Py_XSETREF(*reference, object);
    return 0;
}

/* Import the Python objects that C uses. */
static int
borrow(void)
{
    for (size_t i = 0; i < sizeof borrowed / sizeof *borrowed; i++)
        if (replace(borrowed[i].object, imported(borrowed[i].module, borrowed[i].name)) < 0)
            return -1;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        if (replace(strings[i].string, PyUnicode_InternFromString(strings[i].text)) < 0)
            return -1;
    PyObject *table = imported("autograd_mini.table.primitives", "PRIMITIVES");
    if (!table)
        return -1;
    for (int op = 0; op < OP_COUNT; op++) {
        PyObject *row = row_names[op] ? PyObject_GetItem(table, row_names[op]) : Py_NewRef(Py_None);
        if (!row)
            PyErr_Format(PyExc_ImportError, "it was built with a row %U; install again",
                         row_names[op]);
        if (replace(&primitives[op], row) < 0
            || (row_names[op]
                && replace(&operand_labels[op], PyObject_GetAttrString(row, "operand_label")) < 0)) {
            Py_DECREF(table);
            return -1;
        }
    }
    Py_DECREF(table);
    if (!names)
        names = PyDict_New();
    if (!names || replace(&argument_keyword, Py_BuildValue("(s)", "argument")) < 0)
        return -1;
    return replace(&reference_eq, PyObject_GetAttrString(reference, "__eq__"));
}

/* Copy the docstrings of the attributes from the reference engine. */
static int
document(void)
{
    for (PyGetSetDef *attribute = attributes; attribute->name; attribute++) {
        PyObject *property = PyObject_GetAttrString(reference, attribute->name);
        PyObject *doc = property ? PyObject_GetAttrString(property, "__doc__") : NULL;
        Py_XDECREF(property);
        if (!doc)
            return -1;
        if (doc == Py_None) /* python -OO */
            continue;
        attribute->doc = PyUnicode_AsUTF8(doc); /* `doc` owns the text, so it is never released */
        if (!attribute->doc)
            return -1;
    }
    return 0;
}

/* Make the types, once. */
static int
make_types(void)
{
    if (document() < 0 || !(function_type = PyType_FromSpec(&function_spec))
        || !(transform_type = PyType_FromSpec(&transform_spec))
        || !(replay_type = (PyTypeObject *)PyType_FromSpec(&replay_spec)))
        return -1;
    value_type = (PyTypeObject *)PyType_FromSpec(&value_spec);
    if (!value_type)
        return -1;
    value_type->tp_vectorcall = value_call;
    return 0;
}

/* If the package is imported again after its modules left `sys.modules`, the types stay the same, so
   that old Values and new ones mix; what C borrows from Python is borrowed from the new modules. */
static int
core_exec(PyObject *module)
{
    static int64_t interpreter;
    const int64_t this_interpreter = PyInterpreterState_GetID(PyInterpreterState_Get());
    if (value_type && interpreter != this_interpreter) {
        PyErr_SetString(PyExc_ImportError, "another interpreter of this process runs it");
        return -1;
    }
    interpreter = this_interpreter;
    if (borrow() < 0 || (!value_type && make_types() < 0))
        return -1;
    if (PyModule_AddObjectRef(module, "Value", (PyObject *)value_type) < 0
        || PyModule_AddObjectRef(module, "Function", function_type) < 0
        || PyModule_AddObjectRef(module, "Transform", transform_type) < 0
        || PyModule_AddObjectRef(module, "Replay", (PyObject *)replay_type) < 0
        || PyModule_AddStringConstant(module, "RULES_DIGEST", RULES_DIGEST) < 0)
        return -1;
    return PyModule_AddStringConstant(module, "CODE_DIGEST", CODE_DIGEST);
}

static PyModuleDef_Slot core_slots[] = {
    {Py_mod_exec, core_exec},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

static PyModuleDef core_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "autograd_mini.engines.native.core",
    .m_slots = core_slots,
    .m_methods = core_methods,
};

PyMODINIT_FUNC
PyInit_core(void)
{
    return PyModuleDef_Init(&core_module);
}

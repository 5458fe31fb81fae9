/* The outputs of the neurons of a layer in one call, which are most of the nodes of a network. */

/* What a neuron computes with: its attributes `weights`, `bias`, `activation` and `fused`. */
enum { WEIGHTS, BIAS, ACTIVATION, FUSED, ATTRIBUTES };

/* Put the attributes of a neuron, with references, in their places; the others stay NULL. Its dictionary
   has few keys, so it is faster to go through all than to look up four. */
static void
take_attributes(PyObject *neuron, PyObject **attributes)
{
    PyObject *dict = PyObject_GenericGetDict(neuron, NULL), *key, *item;
    Py_ssize_t place = 0;
    for (int left = ATTRIBUTES; dict && left && PyDict_Next(dict, &place, &key, &item);) {
        const int i = key == weights_name      ? WEIGHTS
                      : key == bias_name       ? BIAS
                      : key == activation_name ? ACTIVATION
                      : key == fused_name      ? FUSED
                                               : ATTRIBUTES;
        if (i < ATTRIBUTES) {
            attributes[i] = Py_NewRef(item);
            left--;
        }
    }
    Py_XDECREF(dict);
}

/* Return the output of a neuron: its activation function of a node `dot`; or NULL, without an error if
   something is not as C expects it, and nothing was done. */
static PyObject *
neuron_output(PyObject *neuron, PyObject *xs, PyObject **activation, PyObject **function)
{
    PyObject *own[ATTRIBUTES] = {NULL}, *output = NULL;
    take_attributes(neuron, own);
    if (own[WEIGHTS] && own[BIAS] && own[ACTIVATION] && own[FUSED] == Py_True) {
        PyObject *parts[] = {own[WEIGHTS], xs, own[BIAS]};
        PyObject *z = many_call((Shape){OP_dot, 2, 3}, dot_many, parts);
        if (z && own[ACTIVATION] != *activation) {
            Py_XSETREF(*function, PyObject_GetAttr(own[ACTIVATION], function_name));
            Py_XSETREF(*activation, Py_XNewRef(*function ? own[ACTIVATION] : NULL));
        }
        if (z && *function)
            output = PyObject_Vectorcall(*function, &z, 1, NULL);
        Py_XDECREF(z);
    }
    for (int i = 0; i < ATTRIBUTES; i++)
        Py_XDECREF(own[i]);
    return output;
}

/* neuron_outputs(neurons, xs, kind): a list of the outputs of neurons for a list of inputs. It ends
   before a neuron that is not fused, or of another class than `kind`, and after an output that is no
   Value. */
static PyObject *
neuron_outputs(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t given)
{
    if (given != 3) {
        PyErr_SetString(PyExc_TypeError, "neuron_outputs needs three arguments");
        return NULL;
    }
    PyObject *neurons = arguments[0], *xs = arguments[1], *kind = arguments[2];
    const Py_ssize_t count = PyList_CheckExact(neurons) ? PyList_GET_SIZE(neurons) : 0;
    PyObject *outputs = PyList_New(count), *activation = NULL, *function = NULL;
    Py_ssize_t done = 0;
    int goes_on = outputs != NULL;
    if (outputs)
        PyObject_GC_UnTrack(outputs); /* nobody may find it while items are NULL */
    while (goes_on && done < count && done < PyList_GET_SIZE(neurons)) {
        PyObject *neuron = Py_NewRef(PyList_GET_ITEM(neurons, done)), *output = NULL;
        if ((PyObject *)Py_TYPE(neuron) == kind)
            output = neuron_output(neuron, xs, &activation, &function);
        goes_on = output && IS_VALUE(output);
        if (output)
            PyList_SET_ITEM(outputs, done++, output);
        Py_DECREF(neuron);
    }
    Py_XDECREF(activation);
    Py_XDECREF(function);
    if (outputs)
        PyObject_GC_Track(outputs);
    if (PyErr_Occurred() || (done < count && outputs && PyList_SetSlice(outputs, done, count, NULL) < 0))
        Py_CLEAR(outputs);
    return outputs;
}

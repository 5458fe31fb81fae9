/* What a recording becomes: arrays of numbers. `autograd_mini.engines.recording` describes them, and
   is the reference. */

/* Distinct keys, which are numbered in the order in which they come: the bits of constants, and the
   addresses of rows. */
typedef struct {
    uint64_t *items;
    size_t count, capacity;
    int32_t *slots; /* of a hash table: the number of a key, or -1 */
    size_t slot_count;
} Numbering;

static size_t
find_slot(const Numbering *numbering, uint64_t key)
{
    uint64_t hash = key * 0x9E3779B97F4A7C15u;
    size_t slot = (size_t)(hash ^ hash >> 32) & (numbering->slot_count - 1);
    while (numbering->slots[slot] >= 0 && numbering->items[numbering->slots[slot]] != key)
        slot = (slot + 1) & (numbering->slot_count - 1);
    return slot;
}

/* Return the number of a key, or -1 without memory. */
static int32_t
number_key(Numbering *numbering, uint64_t key)
{
    if (numbering->count * 2 >= numbering->slot_count) {
        const size_t larger = numbering->slot_count ? numbering->slot_count * 2 : 256;
        int32_t *slots = PyMem_RawMalloc(larger * sizeof *slots);
        if (!slots)
            return -1;
        PyMem_RawFree(numbering->slots);
        memset(slots, -1, larger * sizeof *slots);
        numbering->slots = slots;
        numbering->slot_count = larger;
        for (size_t i = 0; i < numbering->count; i++)
            slots[find_slot(numbering, numbering->items[i])] = (int32_t)i;
    }
    const size_t slot = find_slot(numbering, key);
    if (numbering->slots[slot] < 0) {
        if (CANNOT_GROW(numbering))
            return -1;
        numbering->items[numbering->count] = key;
        numbering->slots[slot] = (int32_t)numbering->count++;
    }
    return numbering->slots[slot];
}

/* The reference to a constant that has no number yet; every other reference to one is negative too. */
#define CONSTANT INT32_MIN

/* How many parameters there are is known last. Until then, the reference to an instruction is its
   number plus this, which is more than any other number in the arrays. */
#define LATER (1 << 30)

typedef struct {
    int32_t *items;
    size_t count, capacity;
} Numbers32;

/* The arrays that a tape becomes. While it is made, the mark of a Value is `base` and its place in
   `references`; nothing in here may run Python code, which could change marks. */
typedef struct {
    Recorder *recorder;
    uint64_t base, unused;
    int32_t inputs, instructions;
    Numbers32 references, guards, outputs;
    PyObject *code; /* bytes, which are longer than the numbers in it until all are written */
    size_t code_count, code_capacity;
    struct {
        Node **items;
        size_t count, capacity;
    } parameters;
    Numbering constants, rows;
    int32_t row_numbers[OP_COUNT]; /* the number of a row of the table, or -1 */
} Flat;

/* Make room for more numbers in an array and return where they go; NULL without memory. */
static inline int32_t *
extend(Numbers32 *array, size_t more)
{
    while (array->capacity - array->count < more)
        if (!grow((void **)&array->items, &array->capacity, sizeof *array->items))
            return NULL;
    array->count += more;
    return array->items + array->count - more;
}

/* Mark a Value and note the reference to it; return 0 without memory. */
static inline int
refer(Flat *flat, Node *node, int32_t reference)
{
    node->mark = flat->base + flat->references.count;
    int32_t *noted = extend(&flat->references, 1);
    if (noted)
        *noted = reference;
    return noted != NULL;
}

/* Note what a Value is that was not made while this was recorded, or a leaf. */
static int
refer_to_older(Flat *flat, Node *node)
{
    if (node->op == LEAF && node->operands[0].birth >> 1 >= flat->recorder->since)
        return refer(flat, node, CONSTANT);
    if (CANNOT_GROW(&flat->parameters))
        return 0;
    flat->parameters.items[flat->parameters.count++] = node;
    return refer(flat, node, flat->inputs + (int32_t)flat->parameters.count - 1);
}

/* Write the reference to a Value, or to NULL and a number, where a constant is only called one;
   return 0 without memory. */
static inline int
write_reference(Flat *flat, int32_t *written, Node *node)
{
    *written = CONSTANT;
    if (!node)
        return 1;
    if (node->mark < flat->base && !refer_to_older(flat, node))
        return 0;
    *written = flat->references.items[node->mark - flat->base];
    return 1;
}

/* Give a constant its number if it has none. */
static int
number_constant(Flat *flat, int32_t *written, Node *node, double number)
{
    if (*written != CONSTANT)
        return 1;
    uint64_t bits;
    memcpy(&bits, node ? &node->data : &number, sizeof bits);
    const int32_t constant = number_key(&flat->constants, bits);
    if (constant < 0)
        return 0;
    *written = ~constant;
    if (node)
        flat->references.items[node->mark - flat->base] = ~constant;
    return 1;
}

/* Return what was set aside for a node, a tuple, or NULL. */
static PyObject *
find_asides(const Recorder *recorder, Node *node)
{
    if (!is_choice(node))
        return NULL;
    return PyDict_GetItemWithError(recorder->asides, (PyObject *)node);
}

/* Return the Value of an operand of a node, also one that was set aside, or NULL for a number. */
static Node *
operand_at(PyObject *asides, Operand *operands, Py_ssize_t position)
{
    if (!asides || position >= PyTuple_GET_SIZE(asides))
        return operands[position].value;
    PyObject *operand = PyTuple_GET_ITEM(asides, position);
    return IS_VALUE(operand) ? (Node *)operand : NULL;
}

static Py_ssize_t
operand_count(Node *node)
{
    return has_many(node) ? node->operands[0].many->count : arity(node);
}

static void
mark_choice(Node *value, uint64_t mark)
{
    if (value && is_choice(value))
        value->mark = mark;
}

/* Mark the choices that nothing uses. A product with a choice is made inside it, and then nothing
   may use the choice itself; any other node could raise an error, but a choice cannot. */
static void
mark_unused(Flat *flat, PyObject *outputs)
{
    Recorder *recorder = flat->recorder;
    const uint64_t used = ++passes;
    flat->unused = ++passes;
    if (!PyDict_GET_SIZE(recorder->asides))
        return;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(outputs); i++)
        if (IS_VALUE(PyList_GET_ITEM(outputs, i)))
            mark_choice((Node *)PyList_GET_ITEM(outputs, i), used);
    for (size_t i = 0; i < recorder->guards.count; i++)
        for (int j = 0; j < 2; j++)
            mark_choice(recorder->guards.items[i].values[j], used);
    for (size_t place = recorder->tape.count; place-- > 0;) {
        Node *node = recorder->tape.items[place];
        Py_ssize_t count;
        Operand *operands = operands_of(node, &count);
        PyObject *asides = find_asides(recorder, node);
        if (is_choice(node) && node->mark != used)
            node->mark = flat->unused;
        else
            for (Py_ssize_t i = 0; i < count; i++)
                mark_choice(operand_at(asides, operands, i), used);
    }
}

/* Return the number of the row of a node, or -1 without memory. */
static int32_t
number_row(Flat *flat, const Node *node)
{
    if (node->op != OP_CUSTOM && flat->row_numbers[node->op] >= 0)
        return flat->row_numbers[node->op];
    PyObject *row = node->op == OP_CUSTOM ? node->operands[1].row : primitives[node->op];
    return flat->row_numbers[node->op] = number_key(&flat->rows, (uint64_t)(uintptr_t)row);
}

/* Make room in the code for more numbers and return where they go; NULL without memory. The bytes
   themselves grow, since a copy would cost more than all that is written. */
static inline int32_t *
extend_code(Flat *flat, size_t more)
{
    if (!flat->code || flat->code_capacity - flat->code_count < more) {
        flat->code_capacity = flat->code ? 2 * (flat->code_capacity + more)
                                         : 4 * flat->recorder->tape.count + more;
        const Py_ssize_t size = (Py_ssize_t)(flat->code_capacity * sizeof(int32_t));
        if (flat->code)
            _PyBytes_Resize(&flat->code, size);
        else
            flat->code = PyBytes_FromStringAndSize(NULL, size);
        if (!flat->code)
            return NULL;
    }
    flat->code_count += more;
    return (int32_t *)(void *)PyBytes_AS_STRING(flat->code) + flat->code_count - more;
}

/* Write a node, unless it is constant; return 0 without memory. */
static int
write_node(Flat *flat, Node *node)
{
    const Py_ssize_t count = operand_count(node);
    Py_ssize_t all;
    Operand *operands = operands_of(node, &all);
    PyObject *asides = find_asides(flat->recorder, node);
    int32_t *written = extend_code(flat, (size_t)count + 2), largest = CONSTANT;
    if (!written)
        return 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!write_reference(flat, &written[2 + i], operand_at(asides, operands, i)))
            return 0;
        largest = written[2 + i] > largest ? written[2 + i] : largest;
    }
    if (largest < 0) {
        flat->code_count -= (size_t)count + 2;
        return refer(flat, node, CONSTANT);
    }
    for (Py_ssize_t i = 0; i < count; i++)
        if (!number_constant(flat, &written[2 + i], operand_at(asides, operands, i),
                             operands[i].number))
            return 0;
    written[0] = number_row(flat, node);
    written[1] = (int32_t)count;
    return written[0] >= 0 && refer(flat, node, LATER + flat->instructions++);
}

static int
write_guard(Flat *flat, const Guard *guard)
{
    int32_t *written = extend(&flat->guards, 5);
    if (!written)
        return 0;
    written[0] = flat->instructions;
    written[1] = guard->comparison;
    written[4] = guard->outcome;
    for (int i = 0; i < 2; i++)
        if (!write_reference(flat, &written[2 + i], guard->values[i]))
            return 0;
    if (written[2] < 0 && written[3] < 0) {
        flat->guards.count -= 5; /* a comparison of constants */
        return 1;
    }
    for (int i = 0; i < 2; i++)
        if (!number_constant(flat, &written[2 + i], guard->values[i], guard->numbers[i]))
            return 0;
    return 1;
}

/* Most time would go into waiting for the memory of the nodes, so some are fetched ahead. */
enum { AHEAD = 12 };

static inline void
prefetch(const Node *node)
{
#ifdef __GNUC__
    __builtin_prefetch(node, 1);
    __builtin_prefetch((const char *)(node + 1) - 1, 1);
#else
    (void)node;
#endif
}

/* Write all arrays; return 0 without memory. */
static int
write_all(Flat *flat, PyObject *outputs)
{
    Recorder *recorder = flat->recorder;
    size_t guard = 0;
    for (int32_t i = 0; i < flat->inputs; i++)
        if (!refer(flat, (Node *)PyTuple_GET_ITEM(recorder->inputs, i), i))
            return 0;
    for (size_t place = 0; place <= recorder->tape.count; place++) {
        for (; guard < recorder->guards.count && recorder->guards.items[guard].place == place; guard++)
            if (!write_guard(flat, &recorder->guards.items[guard]))
                return 0;
        if (place + AHEAD < recorder->tape.count)
            prefetch(recorder->tape.items[place + AHEAD]);
        Node *node = place < recorder->tape.count ? recorder->tape.items[place] : NULL;
        if (node && node->mark != flat->unused && !write_node(flat, node))
            return 0;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(outputs); i++) {
        PyObject *output = PyList_GET_ITEM(outputs, i);
        Node *node = IS_VALUE(output) ? (Node *)output : NULL;
        int32_t *written = extend(&flat->outputs, 1);
        if (!written || !write_reference(flat, written, node)
            || !number_constant(flat, written, node, node ? 0.0 : PyFloat_AS_DOUBLE(output)))
            return 0;
    }
    return 1;
}

/* Give instructions in an array the numbers of their nodes. */
static void
shift_references(const Flat *flat, int32_t *numbers, size_t count)
{
    const int32_t shift = LATER - flat->inputs - (int32_t)flat->parameters.count;
    for (size_t i = 0; i < count; i++)
        numbers[i] -= numbers[i] >= LATER ? shift : 0;
}

/* Finish all arrays; return 0 without memory. */
static int
finish(Flat *flat)
{
    if (!extend_code(flat, 0)
        || _PyBytes_Resize(&flat->code, (Py_ssize_t)(flat->code_count * sizeof(int32_t))) < 0)
        return 0;
    shift_references(flat, (int32_t *)(void *)PyBytes_AS_STRING(flat->code), flat->code_count);
    shift_references(flat, flat->guards.items, flat->guards.count);
    shift_references(flat, flat->outputs.items, flat->outputs.count);
    return 1;
}

/* Return the arrays as Python objects, in a Recording. */
static PyObject *
build_recording(const Flat *flat)
{
    const Py_ssize_t row_count = (Py_ssize_t)flat->rows.count;
    const Py_ssize_t output_count = (Py_ssize_t)flat->outputs.count;
    const Py_ssize_t parameter_count = (Py_ssize_t)flat->parameters.count;
    PyObject *rows = PyTuple_New(row_count), *outputs = PyList_New(output_count);
    PyObject *parameters = PyList_New(parameter_count), *recording = NULL;
    PyObject *guards = PyBytes_FromStringAndSize((const char *)flat->guards.items,
                                                 (Py_ssize_t)(flat->guards.count * sizeof(int32_t)));
    PyObject *constants =
        PyBytes_FromStringAndSize((const char *)flat->constants.items,
                                  (Py_ssize_t)(flat->constants.count * sizeof(double)));
    for (Py_ssize_t i = 0; rows && i < row_count; i++)
        PyTuple_SET_ITEM(rows, i, Py_NewRef((PyObject *)(uintptr_t)flat->rows.items[i]));
    for (Py_ssize_t i = 0; outputs && i < output_count; i++) {
        PyObject *reference = PyLong_FromLong(flat->outputs.items[i]);
        if (reference)
            PyList_SET_ITEM(outputs, i, reference);
        else
            Py_CLEAR(outputs);
    }
    for (Py_ssize_t i = 0; parameters && i < parameter_count; i++)
        PyList_SET_ITEM(parameters, i, Py_NewRef((PyObject *)flat->parameters.items[i]));
    if (rows && outputs && parameters && guards && constants)
        recording = PyObject_CallFunctionObjArgs(recording_type, rows, flat->code, constants, guards,
                                                 outputs, parameters, NULL);
    Py_XDECREF(rows);
    Py_XDECREF(outputs);
    Py_XDECREF(parameters);
    Py_XDECREF(guards);
    Py_XDECREF(constants);
    return recording;
}

static void
numbering_free(Numbering *numbering)
{
    PyMem_RawFree(numbering->items);
    PyMem_RawFree(numbering->slots);
}

/* Turn the tape of a recording into arrays. */
static PyObject *
flatten(Recorder *recorder, PyObject *outputs)
{
    Flat flat = {.recorder = recorder};
    mark_unused(&flat, outputs);
    flat.base = passes + 1;
    flat.inputs = (int32_t)PyTuple_GET_SIZE(recorder->inputs);
    memset(flat.row_numbers, -1, sizeof flat.row_numbers);
    const int done = write_all(&flat, outputs) && finish(&flat);
    passes += flat.references.count + 1;
    PyObject *recording = done ? build_recording(&flat) : PyErr_NoMemory();
    Py_XDECREF(flat.code);
    PyMem_RawFree(flat.references.items);
    PyMem_RawFree(flat.parameters.items);
    PyMem_RawFree(flat.guards.items);
    PyMem_RawFree(flat.outputs.items);
    numbering_free(&flat.constants);
    numbering_free(&flat.rows);
    return recording;
}

/* --- begin and end ------------------------------------------------------------------------------ */

/* begin_recording(inputs): inputs are leaves. */
static PyObject *
begin_recording(PyObject *Py_UNUSED(module), PyObject *iterable)
{
    PyObject *inputs = take_values(iterable);
    Recorder *recorder = inputs ? PyMem_Calloc(1, sizeof *recorder) : NULL;
    if (recorder)
        recorder->asides = PyDict_New();
    if (!recorder || !recorder->asides || find_recorder()) {
        Py_XDECREF(inputs);
        Py_XDECREF(recorder ? recorder->asides : NULL);
        PyMem_Free(recorder);
        if (inputs && !find_recorder())
            return PyErr_NoMemory();
        if (inputs)
            PyErr_SetString(PyExc_RuntimeError, "begin_recording: this thread records already");
        return NULL;
    }
    recorder->thread = PyThreadState_GetID(PyThreadState_Get());
    recorder->since = leaves_made;
    recorder->steady = ++passes;
    recorder->varying = ++passes;
    recorder->inputs = inputs;
    recorder->next = recorders;
    recorders = recorder;
    Py_RETURN_NONE;
}

/* Free a recording that has ended, the nodes that were made last first: so none frees a chain. */
static void
recorder_free(Recorder *recorder)
{
    for (size_t i = recorder->guards.count; i-- > 0;)
        for (int j = 0; j < 2; j++)
            Py_XDECREF((PyObject *)recorder->guards.items[i].values[j]);
    Py_DECREF(recorder->asides);
    for (size_t i = recorder->tape.count; i-- > 0;) {
        if (i >= AHEAD)
            prefetch(recorder->tape.items[i - AHEAD]);
        Py_DECREF((PyObject *)recorder->tape.items[i]);
    }
    Py_DECREF(recorder->inputs);
    PyMem_RawFree(recorder->guards.items);
    PyMem_RawFree(recorder->tape.items);
    PyMem_Free(recorder);
}

/* end_recording(outputs): a list of Values and floats, or None; it ends the recording in any case. */
static PyObject *
end_recording(PyObject *Py_UNUSED(module), PyObject *outputs)
{
    Recorder *recorder = find_recorder();
    if (!recorder) {
        if (outputs == Py_None)
            Py_RETURN_NONE;
        PyErr_SetString(PyExc_RuntimeError, "end_recording: this thread does not record");
        return NULL;
    }
    Recorder **link = &recorders;
    while (*link != recorder)
        link = &(*link)->next;
    *link = recorder->next;
    int fits = PyList_Check(outputs);
    for (Py_ssize_t i = 0; fits && i < PyList_GET_SIZE(outputs); i++)
        fits = IS_VALUE(PyList_GET_ITEM(outputs, i)) || PyFloat_CheckExact(PyList_GET_ITEM(outputs, i));
    PyObject *result = NULL;
    if (outputs == Py_None)
        result = Py_NewRef(Py_None);
    else if (fits)
        result = flatten(recorder, outputs);
    else
        raise_from(PyObject_CallOneArg(no_outputs, outputs));
    PyObject *raised = PyErr_GetRaisedException();
    recorder_free(recorder);
    PyErr_SetRaisedException(raised);
    return result;
}

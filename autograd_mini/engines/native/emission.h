/* The second part of lowering: slots, and the instructions of the way forward. */

/* --- slots ---------------------------------------------------------------------------------------- */

static int
take_slot(Lowering *low, int32_t *slots)
{
    if (low->free_slots.count)
        return low->free_slots.items[--low->free_slots.count];
    return (*slots)++; /* a slot or two for each node, so this fits */
}

/* Let an instruction check the slots that wait for it. */
static int
emit_check(Lowering *low)
{
    if (!low->unchecked_count)
        return 0;
    int32_t s[4];
    for (int i = 0; i < 4; i++)
        s[i] = low->unchecked[i < low->unchecked_count ? i : 0];
    low->unchecked_count = 0;
    PUSH(&low->to->forward, (Instruction){CHECK, s[0], s[1], s[2], s[3]});
    return 0;
}

/* Check the value of an instruction, together with others if it is in a lane slot. */
static int
check_value(Lowering *low, int32_t slot, int is_lane)
{
    if (!is_lane) {
        PUSH(&low->to->prologue, (Instruction){CHECK, slot, slot, slot, slot});
        return 0;
    }
    low->unchecked[low->unchecked_count++] = slot;
    return low->unchecked_count == 4 ? emit_check(low) : 0;
}

static int
release_slot(Lowering *low, int32_t node)
{
    const int32_t slot = low->slot[node];
    for (int i = 0; i < low->unchecked_count; i++)
        if (low->unchecked[i] == slot) {
            if (emit_check(low) < 0)
                return -1;
            break;
        }
    low->last[node] = FREED;
    PUSH(&low->free_slots, slot);
    return 0;
}

static int32_t
uniform_of(const Lowering *low, int32_t ref)
{
    const int32_t inputs = low->from.inputs, parameters = low->from.leaves - inputs;
    if (ref < 0)
        return parameters + ~ref;
    return ref < low->from.leaves ? ref - inputs : low->slot[ref];
}

/* Put the lane slot of a ref in `slot`; what is uniform is copied to one when it is first used. */
static int
lane_of(Lowering *low, int32_t ref, int32_t *slot)
{
    if (varies(low, ref)) {
        *slot = low->slot[ref];
        return 0;
    }
    const int32_t uniform = uniform_of(low, ref);
    if (low->splats[uniform] == NO_SLOT) {
        low->splats[uniform] = take_slot(low, &low->to->slots);
        PUSH(&low->to->forward, (Instruction){SPLAT, low->splats[uniform], uniform, 0, 0});
    }
    *slot = low->splats[uniform];
    return 0;
}

static int
place_of(Lowering *low, int32_t ref, int is_uniform, int32_t *place)
{
    if (!is_uniform)
        return lane_of(low, ref, place);
    *place = uniform_of(low, ref);
    return 0;
}

/* --- the way forward ------------------------------------------------------------------------------ */

/* Return the bits of the parts that the instruction takes as uniform numbers. */
static int
uniform_parts(const Lowering *low, const Operation *operation)
{
    const Form *form = operation->form;
    int bits = 0;
    if (form->kind == FIXED && form->singles == 2)
        bits = (varies(low, operation->refs[0]) ? 0 : 1) | (varies(low, operation->refs[1]) ? 0 : 2);
    else if (form->kind == SUMS && form->sequences == 2) {
        for (int part = 0; part < 2; part++) {
            int lanes = 0;
            for (int32_t j = 0; j < operation->each; j++)
                lanes |= varies(low, operation->refs[part * operation->each + j]);
            bits |= !lanes << part;
        }
        if (bits == 3) /* then the single operand has lanes */
            bits = 1;
        if (form->singles && !varies(low, operation->refs[operation->count - 1]))
            bits |= 4;
    }
    return bits;
}

static int
emit_operation(Lowering *low, int32_t node)
{
    Program *to = low->to;
    const Operation operation = operation_at(low, node);
    const Form *form = operation.form;
    const int is_lane = varies(low, node);
    const int bits = is_lane ? uniform_parts(low, &operation) : 0;
    Instruction I = {form->code + form_of_bits[bits], 0, 0, 0, operation.each};
    if (form->kind == FIXED) {
        if (place_of(low, operation.refs[0], !is_lane || bits & 1, &I.a) < 0
            || (form->singles == 2
                && place_of(low, operation.refs[1], !is_lane || bits & 2, &I.b) < 0))
            return -1;
    }
    else {
        I.a = (int32_t)to->operands.count;
        const int32_t ends = form->sequences * operation.each;
        for (int32_t i = 0; i < operation.count; i++) {
            const int part = i < ends ? i / operation.each : form->sequences + i - ends;
            int32_t place;
            if (place_of(low, operation.refs[i], !is_lane || bits >> part & 1, &place) < 0)
                return -1;
            PUSH(&to->operands, place);
        }
    }
    for (int32_t i = 0; is_lane && i < operation.count; i++) {
        const int32_t ref = operation.refs[i];
        if (varies(low, ref) && low->last[ref] == node && !(low->flags[ref] & PINNED)
            && release_slot(low, ref) < 0)
            return -1;
    }
    I.out = low->slot[node] = is_lane ? take_slot(low, &to->slots) : to->uniforms++;
    low->emitted[node - low->from.leaves] = (int32_t)(is_lane ? to->forward.count : to->prologue.count);
    if (is_lane)
        PUSH(&to->forward, I);
    else
        PUSH(&to->prologue, I);
    if (!(low->flags[node] & COVERED) && form->kind != CHOICE && check_value(low, I.out, is_lane) < 0)
        return -1;
    return is_lane && low->last[node] < 0 && !(low->flags[node] & PINNED) ? release_slot(low, node)
                                                                          : 0;
}

static int
emit_guard(Lowering *low, int32_t number)
{
    static const int32_t swapped[] = {2, 3, 0, 1}; /* of < <= > >= */
    const int32_t *guard = low->from.guards + 5 * (Py_ssize_t)number;
    int32_t comparison = guard[1], x = guard[2], y = guard[3];
    if (!varies(low, x) && !varies(low, y)) {
        PUSH(&low->to->guards, (UniformGuard){number, comparison, uniform_of(low, x),
                                              uniform_of(low, y), guard[4], low->to->forward.count});
        return 0;
    }
    if (!varies(low, x)) {
        comparison = swapped[comparison];
        x = guard[3];
        y = guard[2];
    }
    const int both = varies(low, y);
    const int32_t code = GUARD_lt_LL + 2 * comparison + !both;
    PUSH(&low->to->forward, (Instruction){code, number, low->slot[x],
                                          both ? low->slot[y] : uniform_of(low, y), guard[4]});
    return 0;
}

static int
emit_forward(Lowering *low)
{
    const Recording *from = &low->from;
    Program *to = low->to;
    int32_t guard = 0;
    to->uniforms = from->leaves - from->inputs + (int32_t)from->constant_count;
    for (int32_t i = 0; i < from->inputs; i++) {
        low->slot[i] = take_slot(low, &to->slots);
        PUSH(&to->inputs, (Input){from->places[i], low->slot[i]});
        if (from->places[i] >= to->columns)
            to->columns = from->places[i] + 1;
    }
    for (int32_t i = from->inputs; i < from->leaves; i++) {
        PUSH(&to->parameters, from->places[i]);
        if (from->places[i] >= to->numbers)
            to->numbers = from->places[i] + 1;
    }
    for (Py_ssize_t i = 0; i < from->constant_count; i++)
        PUSH(&to->constants, from->constants[i]);
    to->guard_count = (int32_t)from->guard_count;
    for (int32_t node = from->leaves;; node++) {
        while (guard < to->guard_count && from->guards[5 * guard] == node - from->leaves)
            if (emit_guard(low, guard++) < 0)
                return -1;
        if (node == low->nodes)
            break;
        if (emit_operation(low, node) < 0)
            return -1;
    }
    if (emit_check(low) < 0)
        return -1;
    for (Py_ssize_t i = 0; i < from->output_count; i++) {
        const int32_t ref = from->outputs[i];
        PUSH(&to->outputs, varies(low, ref) ? (Output){low->slot[ref], -1}
                                            : (Output){-1, uniform_of(low, ref)});
    }
    return 0;
}

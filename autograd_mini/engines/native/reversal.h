/* The third part of lowering: the way back from each root, in the order of the eager engine. */

/* Put the target of an operand in `target`. */
static int
target_of(Lowering *low, int32_t ref, int32_t *target)
{
    *target = NOWHERE;
    if (ref < 0 || !(low->flags[ref] & NEEDED))
        return 0;
    if (!varies(low, ref)) {
        *target = FIRST_SITE - (int32_t)low->to->sites.count;
        PUSH(&low->to->sites, uniform_of(low, ref));
        return 0;
    }
    const int is_first = low->adjoint[ref] == NO_SLOT;
    if (is_first)
        low->adjoint[ref] = take_slot(low, &low->to->adjoints);
    *target = 2 * low->adjoint[ref] + is_first;
    return 0;
}

/* The same in the epilogue, where each uniform number has an adjoint. */
static int
uniform_target_of(Lowering *low, int32_t ref, int32_t *target)
{
    *target = ref < 0 || !(low->flags[ref] & NEEDED) ? NOWHERE : 2 * uniform_of(low, ref);
    return 0;
}

static int
make_reversal(Lowering *low, int32_t node, int32_t adjoint, const Instruction *forward,
              int (*find_target)(Lowering *, int32_t, int32_t *), Reversal *made)
{
    const Operation operation = operation_at(low, node);
    const Instruction I = *forward;
    *made = (Reversal){I.code, I.out, I.a, I.b, I.n, adjoint, NOWHERE, NOWHERE};
    if (operation.form->kind == FIXED)
        return find_target(low, operation.refs[0], &made->ta) < 0
                       || (operation.count == 2
                           && find_target(low, operation.refs[1], &made->tb) < 0)
                   ? -1
                   : 0;
    made->ta = (int32_t)low->to->operands.count;
    const int32_t edges = first_edge(operation.form);
    for (int32_t i = 0; i < operation.count; i++) {
        int32_t target = NOWHERE;
        if (i >= edges && find_target(low, operation.refs[i], &target) < 0)
            return -1;
        PUSH(&low->to->operands, target);
    }
    return 0;
}

/* Emit the way back through one node that has an adjoint. */
static int
emit_reversal(Lowering *low, int32_t node)
{
    Program *to = low->to;
    const int32_t emitted = low->emitted[node - low->from.leaves];
    Reversal made;
    if (!varies(low, node)) {
        if (make_reversal(low, node, low->slot[node], &to->prologue.items[emitted],
                          uniform_target_of, &made) < 0)
            return -1;
        PUSH(&to->epilogue, made);
        return 0;
    }
    if (make_reversal(low, node, low->adjoint[node], &to->forward.items[emitted], target_of, &made)
        < 0)
        return -1;
    PUSH(&to->reverse, made);
    PUSH(&low->free_slots, low->adjoint[node]);
    low->adjoint[node] = NO_SLOT;
    return 0;
}

static int
emit_root(Lowering *low, int32_t root)
{
    Program *to = low->to;
    const Recording *from = &low->from;
    Root made = {to->reverse.count, to->reverse.count, -1, -1};
    low->free_slots.count = 0;
    int32_t adjoints = to->adjoints;
    to->adjoints = 0; /* each root begins with all slots */
    for (Py_ssize_t i = 0; i < from->wrt_count; i++)
        low->adjoint[from->wrt[i]] = NO_SLOT;
    low->order.count = 0;
    if (root >= 0 && low->flags[root] & NEEDED) {
        if (varies(low, root))
            made.adjoint = low->adjoint[root] = take_slot(low, &to->adjoints);
        else {
            made.site = (int32_t)to->sites.count;
            PUSH(&to->sites, uniform_of(low, root));
        }
        if (walk_back(low, root) < 0)
            return -1;
    }
    for (size_t k = low->order.count; k-- > 0;) {
        const int32_t node = low->order.items[k];
        low->flags[node] &= (uint8_t)~VISITED;
        if (low->flags[node] & NEEDED && emit_reversal(low, node) < 0)
            return -1;
    }
    made.end = to->reverse.count;
    PUSH(&to->roots, made);
    for (Py_ssize_t i = 0; i < from->wrt_count; i++)
        PUSH(&to->derivatives, low->adjoint[from->wrt[i]]);
    if (to->adjoints < adjoints)
        to->adjoints = adjoints;
    return 0;
}

static int
emit_reverse(Lowering *low)
{
    for (int32_t node = 0; node < low->nodes; node++)
        low->flags[node] &= (uint8_t)~VISITED;
    for (Py_ssize_t i = 0; i < low->from.root_count; i++)
        if (emit_root(low, low->from.roots[i]) < 0)
            return -1;
    return 0;
}

/* --- all of it ------------------------------------------------------------------------------------- */

static int
lower_in(Lowering *low)
{
    if (read_code(low) < 0 || check_refs(low) < 0)
        return -1;
    mark_dependence(low);
    mark_covered(low);
    if (find_lives(low) < 0 || emit_forward(low) < 0)
        return -1;
    low->free_slots.count = 0;
    if (emit_reverse(low) < 0)
        return -1;
    low->to->wrt = (int32_t)low->from.wrt_count;
    low->to->instructions = low->to->forward.count + low->to->prologue.count;
    program_trim(low->to);
    return 0;
}

static int32_t *
make_slots(Py_ssize_t count)
{
    int32_t *slots = PyMem_RawMalloc(((size_t)count + 1) * sizeof *slots);
    for (Py_ssize_t i = 0; slots && i < count; i++)
        slots[i] = NO_SLOT;
    return slots;
}

/* Lower a recording to a program; raises and returns -1 if it cannot. */
static int
lower(Recording from, Program *to)
{
    /* Each node and constant has at least an entry in one of these, and a slot or two. */
    const Py_ssize_t most = from.leaves + from.code_count + from.constant_count;
    if (most > INT32_MAX / 4 || from.guard_count > INT32_MAX / 8)
        return too_large();
    memset(to, 0, sizeof *to);
    const Py_ssize_t nodes = from.leaves + from.code_count / 2;
    Lowering low = {.from = from, .to = to};
    low.flags = PyMem_RawCalloc((size_t)nodes + 1, 1);
    low.at = make_slots(nodes);
    low.emitted = make_slots(nodes);
    low.slot = make_slots(nodes);
    low.last = make_slots(nodes);
    low.adjoint = make_slots(nodes);
    low.splats = make_slots(nodes + from.constant_count);
    const int lowered = low.flags && low.at && low.emitted && low.slot && low.last && low.adjoint
                                && low.splats
                            ? lower_in(&low)
                            : out_of_memory();
    PyMem_RawFree(low.flags);
    PyMem_RawFree(low.at);
    PyMem_RawFree(low.emitted);
    PyMem_RawFree(low.slot);
    PyMem_RawFree(low.last);
    PyMem_RawFree(low.adjoint);
    PyMem_RawFree(low.splats);
    PyMem_RawFree(low.free_slots.items);
    PyMem_RawFree(low.order.items);
    PyMem_RawFree(low.path.items);
    if (lowered < 0)
        program_release(to);
    return lowered;
}

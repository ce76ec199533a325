# SPDX-License-Identifier: MIT
#
# gdb commands for Weir's evented engine and its simulator, in a live process or a core file:
#
#   source tools/gdb/weir.py
#   weir tasks            lists the tasks of all engines that run
#   weir bt N|NAME|all    shows the call stack of a task (its number in the list, or its name)
#
# Engines are found through their threads: each knows its worker in the thread-local
# weir_evented_here, or the simulated world that it runs in weir_sim_here.  A task's control block
# lies on top of its stack, and the stacks are cut from slabs (src/io/fiber/stack.h).
#
# A task that waits has left its registers in a weir_fiber_context.  No register of the process is
# touched to walk it: an unwinder of ours claims that the innermost frame was called from there, and
# gdb goes on by itself.  So the same works in a core file.

import re

import gdb
import gdb.unwinder

COLOURS = 16  # as in src/io/fiber/stack.c
LINE = 64
FIBER_NEW = 1  # as in src/io/evented/engine.h
QUEUE_WAIT = 255
NEVER = 2**63 - 1


def text_of(value):
    """A C string, or "" for NULL or what cannot be read."""
    try:
        return value.string(errors="replace") if int(value) else ""
    except gdb.error:
        return ""


def number(value):
    """An integer or pointer, also an atomic one."""
    return int(value.cast(gdb.lookup_type("unsigned long")))


class Task:
    """A fiber that has not ended; `running` and `started` are set by who finds it."""

    def __init__(self, pointer, place, order, thread):
        self.pointer = pointer
        self.fiber = pointer.dereference()
        self.home = place  # a worker's number or a host's name
        self.order = order
        self.thread = thread
        record = self.fiber["record"]
        self.name = text_of(record["name"])
        self.place = text_of(record["place"])
        self.waiting = self.fiber["waiting"]

    def state(self):
        if not self.started:
            return "new"
        if self.running:
            return "running"
        return "waiting" if number(self.waiting) else "ready"

    def waits_for(self):
        if self.state() != "waiting":
            return ""
        op = self.waiting.dereference()
        code = int(op["code"])
        if code == QUEUE_WAIT:
            return "queue"
        name = str(op["code"].cast(gdb.lookup_type("weir_opcode")))
        name = re.sub("^WEIR_OP_", "", name).lower().replace("_", " ")
        if name == "wait":
            name = text_of(op["args"]["wait"]["kind"]["name"]) or name
        fd = int(op["fd"])
        return name if fd < 0 else "%s (fd %d)" % (name, fd)


class Evented:
    """An evented engine, and the threads of its workers by the workers' addresses."""

    def __init__(self, engine):
        self.engine = engine
        self.threads = {}

    def tasks(self):
        worker_type = self.engine["workers"].type
        fiber_type = self.engine["workers"]["current"].type
        for address in stacks(self.engine["stacks"]):
            pointer = gdb.Value(address).cast(fiber_type)
            try:
                alive = number(pointer["alive"])
                if alive == 0:
                    continue
                home = number(pointer["runner"]) or number(pointer["home"])
                worker = gdb.Value(home).cast(worker_type)
                index = int(worker["index"])
                task = Task(pointer, str(index), (index, address), self.threads.get(home))
                task.running = number(worker["current"]) == address
                task.started = alive != FIBER_NEW
                yield task
            except gdb.error:
                continue  # a stack that nobody has touched, left out of a core file


class World:
    """A simulated world, and the thread that runs it."""

    def __init__(self, world, thread):
        self.world = world
        self.thread = thread

    def tasks(self):
        fiber_type = self.world["current"].type
        for address in stacks(self.world["stacks"]):
            pointer = gdb.Value(address).cast(fiber_type)
            try:
                if not number(pointer["alive"]):
                    continue
                host = text_of(pointer["host"]["name"])
                task = Task(pointer, host, (0, int(pointer["number"])), self.thread)
                task.running = number(self.world["current"]) == address
                task.started = bool(number(pointer["started"]))
                yield task
            except gdb.error:
                continue


def thread_local(name):
    """A pointer of the selected thread, or None where it is null or unknown."""
    try:
        here = gdb.parse_and_eval(name)
        return here if int(here) else None
    except gdb.error:
        return None  # the program has no such engine, or the thread is of another kind


def engines():
    """The engines that run."""
    evented, worlds = {}, []
    before = gdb.selected_thread()
    try:
        for thread in gdb.selected_inferior().threads():
            thread.switch()
            worker = thread_local("weir_evented_here")
            if worker is not None:
                engine = worker["engine"]
                evented.setdefault(int(engine), Evented(engine)).threads[int(worker)] = thread
            world = thread_local("weir_sim_here")
            if world is not None:
                worlds.append(World(world, thread))
    finally:
        if before:
            before.switch()
    return list(evented.values()) + worlds


def stacks(slabs):
    """The addresses of all control blocks of an engine, in use or not."""
    slabs = slabs.cast(gdb.lookup_type("struct weir_stack_slabs").pointer())
    stride, guard = number(slabs["stride"]), number(slabs["guard_size"])
    size, reserve = number(slabs["stack_size"]), number(slabs["reserve"])
    strides = number(slabs["strides"])
    record = gdb.lookup_type("struct weir_slab").pointer()
    at = number(slabs["all"])
    while at:
        slab = gdb.Value(at).cast(record)
        memory, blank = number(slab["memory"]), number(slab["blank"])
        for index in range(strides if memory else 0):
            if not blank >> index & 1:
                low = memory + index * stride + guard
                yield low + size - index % COLOURS * LINE - reserve
        at = number(slab["all_next"])


def tasks():
    """All tasks: by worker and address, of a world in the order in which they were spawned."""
    return [task for engine in engines() for task in sorted(engine.tasks(), key=lambda t: t.order)]


class ParkedUnwinder(gdb.unwinder.Unwinder):
    """Claims that the innermost frame was called from a task's context."""

    REGISTERS = {
        "i386:x86-64": (("rsp", "sp"), ("rip", "pc"), ("rbp", "fp"), ("rbx", "base")),
        "aarch64": (("sp", "sp"), ("pc", "pc"), ("x29", "fp"), ("x19", "base")),
    }

    class Identity:
        def __init__(self, sp, pc):
            self.sp = sp
            self.pc = pc

    def __init__(self):
        super().__init__("weir task")
        self.context = None  # of the task to show; None: leave all as it is

    def __call__(self, frame):
        if self.context is None:
            return None
        context, self.context = self.context, None  # the innermost frame alone
        registers = self.REGISTERS[frame.architecture().name()]
        sp, pc = registers[0][0], registers[1][0]
        # An address below every stack, so that the task's frames count as its callers.
        word = frame.read_register(sp).type
        info = frame.create_unwind_info(self.Identity(gdb.Value(LINE).cast(word),
                                                      frame.read_register(pc)))
        for register, member in registers:
            kind = frame.read_register(register).type
            info.add_saved_register(register, context[member].cast(kind))
        return info


unwinder = ParkedUnwinder()
gdb.unwinder.register_unwinder(None, unwinder, replace=True)


def print_frame(level, frame):
    """A line as gdb's own, without the values of arguments."""
    function = frame.name() or "??"
    where = frame.find_sal()
    place = ""
    if where and where.symtab:
        place = " at %s:%d" % (where.symtab.filename, where.line)
    gdb.write("#%-3d 0x%016x in %s%s\n" % (level, frame.pc(), function, place))


def print_stack(frame):
    level = 0
    while frame is not None and frame.is_valid():
        print_frame(level, frame)
        level += 1
        try:
            frame = frame.older()
        except gdb.error as error:
            gdb.write("(%s)\n" % error)
            return


def backtrace(task):
    if not task.started:
        gdb.write("it has not started: it begins with %s\n" % task.fiber["record"]["run"])
        return
    before = gdb.selected_thread()
    try:
        if task.running:
            if task.thread:
                task.thread.switch()
            print_stack(gdb.newest_frame())
            return
        gdb.invalidate_cached_frames()
        unwinder.context = task.fiber["context"]
        frame = gdb.newest_frame()
        while frame.type() == gdb.INLINE_FRAME:
            frame = frame.older()
        print_stack(frame.older())
    finally:
        unwinder.context = None
        gdb.invalidate_cached_frames()
        if before:
            before.switch()


class Weir(gdb.Command):
    """Commands for the tasks of Weir."""

    def __init__(self):
        super().__init__("weir", gdb.COMMAND_STACK, prefix=True)


class WeirTasks(gdb.Command):
    """Lists the tasks of all engines that run: weir tasks"""

    def __init__(self):
        super().__init__("weir tasks", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        # Of a simulated world the host stands in place of the worker.
        rows = [("N", "NAME", "STATE", "WAITS FOR", "WORKER", "SPAWNED AT")]
        for index, task in enumerate(tasks()):
            rows.append((str(index), task.name or "-", task.state(), task.waits_for() or "-",
                         task.home, task.place or "-"))
        if len(rows) == 1:
            gdb.write("no task: %s\n" % (
                "the stacks are missing; gdb's own core files lack memory with guard pages, those "
                "of the kernel have it" if engines() else
                "no evented engine and no simulated world runs in this process"))
            return
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        for row in rows:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths))
            gdb.write(line.rstrip() + "\n")


class WeirBacktrace(gdb.Command):
    """Shows the call stack of a task: weir bt N|NAME|all"""

    def __init__(self):
        super().__init__("weir bt", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        wanted, shown = argument.strip(), False
        if not wanted:
            raise gdb.GdbError("weir bt needs a task's number or name, or all")
        for index, task in enumerate(tasks()):
            if wanted not in ("all", str(index), task.name):
                continue
            place = " (spawned at %s)" % task.place if task.place else ""
            waits = " for %s" % task.waits_for() if task.waits_for() else ""
            gdb.write("\ntask %d \"%s\"%s, %s%s:\n" %
                      (index, task.name, place, task.state(), waits))
            backtrace(task)
            shown = True
        if not shown:
            raise gdb.GdbError("no task is called %s; weir tasks lists them" % wanted)


Weir()
WeirTasks()
WeirBacktrace()

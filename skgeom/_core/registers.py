"""Runs of adjacent numbers that a kernel keeps in vector registers.

A loop that sums rows of a matrix reads and writes its total once per row where that is an array;
numba holds a `Block` in registers instead, and LLVM cuts it into vectors that the processor has.
All functions here are for compiled code.
"""

from contextlib import suppress

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

CACHE_LINE = 64  # bytes


class Block(types.Type):
    """A run of numbers of one floating type, in registers."""

    def __init__(self, dtype, length):
        self.dtype, self.length = dtype, length
        super().__init__(f"Block({dtype}, {length})")

    @classmethod
    def of(cls, dtype, n_bytes):
        return cls(dtype, max(1, n_bytes * 8 // dtype.bitwidth))


@register_model(Block)
class _BlockModel(models.PrimitiveModel):
    def __init__(self, manager, block):
        element = manager.lookup(block.dtype).get_value_type()
        super().__init__(manager, block, ir.VectorType(element, block.length))


def _vector(context, block):
    return context.get_value_type(block)


def _pointer(context, builder, array_type, array, row, column):
    struct = context.make_array(array_type)(context, builder, array)
    return cgutils.get_item_pointer2(
        context,
        builder,
        struct.data,
        cgutils.unpack_tuple(builder, struct.shape, 2),
        cgutils.unpack_tuple(builder, struct.strides, 2),
        array_type.layout,
        [row, column],
    )


def _splat(builder, number, vector):
    word = ir.IntType(32)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, word(0))
    lanes = ir.Constant(ir.VectorType(word, vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), lanes)


def _load(context, builder, block, array_type, array, row, column):
    """Load a block, widened where the array holds bfloat16 bits."""
    vector = _vector(context, block)
    stored = ir.VectorType(context.get_data_type(array_type.dtype), block.length)
    pointer = _pointer(context, builder, array_type, array, row, column)
    pointer = builder.bitcast(pointer, stored.as_pointer())
    loaded = builder.load(pointer, align=array_type.dtype.bitwidth // 8)
    if array_type.dtype != types.uint16:
        return loaded
    words = ir.VectorType(ir.IntType(32), block.length)
    shift = ir.Constant(words, [16] * block.length)
    return builder.bitcast(builder.shl(builder.zext(loaded, words), shift), vector)


def _is_matrix(array):
    return isinstance(array, types.Array) and array.ndim == 2 and array.layout == "C"


@intrinsic(prefer_literal=True)
def zero_block(typingctx, out, n_bytes):
    """Return zeros of the type of `out`, `n_bytes` of them: a literal, or log2 zeros in a tuple.

    The length of a tuple is part of its type, so that a caller can choose among block sizes.
    """
    if _is_matrix(out) and isinstance(n_bytes, types.IntegerLiteral):
        block = Block.of(out.dtype, n_bytes.literal_value)
    elif _is_matrix(out) and isinstance(n_bytes, types.BaseTuple):
        block = Block.of(out.dtype, 2 ** len(n_bytes))
    else:
        return None

    def codegen(context, builder, signature, args):
        return ir.Constant(_vector(context, block), None)

    return block(out, n_bytes), codegen


@intrinsic
def length_of(typingctx, block):
    """Return how many numbers a block holds."""

    def codegen(context, builder, signature, args):
        return context.get_constant(types.intp, block.length)

    return types.intp(block), codegen


@intrinsic
def add_blocks(typingctx, a, b):
    """Return the sum of two blocks."""

    def codegen(context, builder, signature, args):
        return builder.fadd(*args)

    return a(a, b), codegen


@intrinsic
def add_row(typingctx, total, array, row, column, weight):
    """Return `total` plus `weight` times the numbers of `array` from (row, column) on."""
    if not (isinstance(total, Block) and _is_matrix(array)):
        return None

    def codegen(context, builder, signature, args):
        row = _load(context, builder, total, array, *args[1:4])
        factor = _splat(builder, args[4], _vector(context, total))
        product = builder.fmul(row, factor, flags=["contract"])
        return builder.fadd(args[0], product, flags=["contract"])

    return total(total, array, types.intp, types.intp, total.dtype), codegen


@intrinsic
def scale_block(typingctx, block, factor):
    """Return a block times a number."""

    def codegen(context, builder, signature, args):
        return builder.fmul(args[0], _splat(builder, args[1], _vector(context, block)))

    return block(block, block.dtype), codegen


def _to_bfloat16(builder, numbers):
    """Round float32 to even, to the upper 16 bits."""
    words = ir.VectorType(ir.IntType(32), numbers.type.count)
    bits = builder.bitcast(numbers, words)
    one, half, shift = (ir.Constant(words, [c] * words.count) for c in (1, 0x7FFF, 16))
    odd = builder.and_(builder.lshr(bits, shift), one)
    rounded = builder.add(builder.add(bits, half), odd)
    return builder.trunc(builder.lshr(rounded, shift), ir.VectorType(ir.IntType(16), words.count))


@intrinsic
def store_block(typingctx, block, array, row, column):
    """Write a block to `array` from (row, column) on, as bfloat16 bits where that holds uint16."""
    if not (isinstance(block, Block) and _is_matrix(array)):
        return None

    def codegen(context, builder, signature, args):
        numbers = args[0]
        if array.dtype == types.uint16:
            numbers = _to_bfloat16(builder, numbers)
        pointer = _pointer(context, builder, array, *args[1:])
        pointer = builder.bitcast(pointer, numbers.type.as_pointer())
        builder.store(numbers, pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(block, array, types.intp, types.intp), codegen


def _emit_prefetch(context, builder, block, array_type, array, row, column):
    start = _pointer(context, builder, array_type, array, row, column)
    word, byte_pointer = ir.IntType(32), ir.IntType(8).as_pointer()
    start = builder.bitcast(start, byte_pointer)
    kind = ir.FunctionType(ir.VoidType(), [byte_pointer, word, word, word])
    function = builder.module.declare_intrinsic("llvm.prefetch", [byte_pointer], kind)
    for offset in range(0, block.length * array_type.dtype.bitwidth // 8, CACHE_LINE):
        line = builder.gep(start, [ir.IntType(64)(offset)])
        # read access, keep in all cache levels, data cache
        builder.call(function, [line, word(0), word(3), word(1)])


@intrinsic
def prefetch_row(typingctx, block, array, row, column):
    """Ask the processor to load what a block takes from (row, column); computes nothing.

    Where this numba or LLVM does not know the instruction, it is left out.
    """
    if not (isinstance(block, Block) and _is_matrix(array)):
        return None

    def codegen(context, builder, signature, args):
        with suppress(Exception):
            _emit_prefetch(context, builder, block, array, *args[1:])
        return context.get_dummy_value()

    return types.void(block, array, types.intp, types.intp), codegen

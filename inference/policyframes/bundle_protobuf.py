"""The protobuf wire format, as far as a bundle's checks need it: messages to fields, nothing understood."""

from __future__ import annotations

from collections.abc import Iterator

_MAX_VARINT_BYTES = 10
_MAX_PACKED_BYTES = 1_000


class WireError(ValueError):
    """The bytes are no message of the protobuf wire format, or one with more fields than allowed."""


class FieldReader:
    """Reads messages field by field, and no more fields than allowed over all of them.

    Args:
        most_fields: how many fields all messages together may have; hostile bytes hold one every other byte.
    """

    def __init__(self, most_fields: int) -> None:
        self._left = most_fields

    def read(self, message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
        """Yield number and value of each field: an int for a varint, the bytes for everything else.

        Raises:
            WireError: the message is malformed, or there are too many fields.
        """
        place = 0
        while place < len(message):
            self._left -= 1
            if self._left < 0:
                raise WireError("it has more fields than any model")
            key, place = _read_varint(message, place)
            number, wire_type = key >> 3, key & 7
            if wire_type == 0:
                value, place = _read_varint(message, place)
                yield number, value
                continue
            if wire_type == 2:  # noqa: PLR2004  (the format's number for a length and that many bytes)
                length, place = _read_varint(message, place)
            else:
                # 3 and 4 are groups, which no format of ours uses; 6 and 7 do not exist.
                length = {1: 8, 5: 4}.get(wire_type, -1)
            if length < 0 or place + length > len(message):
                raise WireError("a field is of an unknown type, or longer than what holds it")
            yield number, message[place : place + length]
            place += length


def read_varints(value: int | memoryview) -> list[int]:
    """Return the integers of a repeated field, which may stand alone or packed.

    Raises:
        WireError: the packed integers are cut off, or more than a list of sizes has.
    """
    if isinstance(value, int):
        return [value]
    if len(value) > _MAX_PACKED_BYTES:
        raise WireError("a list of sizes is longer than any")
    numbers, place = [], 0
    while place < len(value):
        number, place = _read_varint(value, place)
        numbers.append(number)
    return numbers


def write_varint(number: int) -> bytes:
    """Return an integer from 0 to 2**64 - 1 as a varint."""
    data = bytearray()
    while number > 0x7F:  # noqa: PLR2004  (seven bits a byte)
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def write_field(number: int, value: int | bytes | memoryview) -> bytes:
    """Return a field: a varint for an int, length and bytes for the rest."""
    if isinstance(value, int):
        return write_varint(number << 3) + write_varint(value)
    return b"".join((write_varint(number << 3 | 2), write_varint(len(value)), value))


def _read_varint(data: memoryview, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(_MAX_VARINT_BYTES):
        if place >= len(data):
            raise WireError("it ends within a number")
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:  # noqa: PLR2004  (the high bit says that another byte follows)
            return number & 0xFFFF_FFFF_FFFF_FFFF, place
    raise WireError("a number is longer than any")

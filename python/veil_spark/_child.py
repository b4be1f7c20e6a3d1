"""A child process ``veil mask``, to which one thread writes while another reads."""

from __future__ import annotations

import itertools
import subprocess
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import IO, Any, Callable, Optional

import pyarrow as pa

from ._options import Options


class VeilError(RuntimeError):
    """Masking failed. The text is the message of the program veil, which contains no values."""


class Child:
    """A running ``veil mask``. Leaving its context ends it."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        try:
            self._process = subprocess.Popen(
                command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as e:
            raise VeilError(f"cannot run the program veil, {command[0]}: {e.strerror}: set binary= to its path") from None
        self._errors = bytearray()
        self._failure: Optional[BaseException] = None
        self._threads = [threading.Thread(target=self._read_errors, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                pass  # it broke when the process was killed

    @property
    def output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def feed(self, write: Callable[[IO[bytes]], None]) -> None:
        """Writes the child's input in its own thread."""
        thread = threading.Thread(target=self._feed, args=(write,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _feed(self, write: Callable[[IO[bytes]], None]) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            write(stdin)
            stdin.close()
        except BrokenPipeError:
            pass  # the child has ended, and says why
        except BaseException as e:
            # Reading raised an error: the child must not mistake its input for complete.
            self._failure = e
            self._process.kill()

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if len(self._errors) < 1 << 16:
                self._errors += line

    def finish(self) -> None:
        """Waits for the end, and raises the error of the input or of the child."""
        status = self._process.wait()
        for thread in self._threads:
            thread.join()
        if self._failure is not None:
            raise self._failure
        if status != 0:
            text = self._errors.decode("utf-8", "replace").strip()
            raise VeilError(text or f"veil mask ended with status {status}")


def mask_batches(command: list[str], env: dict[str, str], schema: Any, batches: Iterable[Any]) -> Iterator[Any]:
    """Masks record batches of a schema. It yields the masked schema first."""

    def write(sink: IO[bytes]) -> None:
        with pa.ipc.new_stream(sink, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)

    with Child(command, env) as child:
        child.feed(write)
        try:
            reader = pa.ipc.open_stream(child.output)
            yield reader.schema
            for batch in reader:
                yield batch
        except (pa.ArrowException, OSError):
            child.finish()  # raises the reason, if the child knows it
            raise
        child.finish()


_FHIR_ROWS = 1000


def mask_resources(command: list[str], env: dict[str, str], schema: Any, batches: Iterable[Any]) -> Iterator[Any]:
    """Masks FHIR resources in JSON, one in each row of a table's only column."""
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    if len(schema) != 1 or not any(is_kind(schema.field(0).type) for is_kind in kinds):
        raise VeilError("a table of FHIR resources must have one column of strings, with one resource in JSON in each row")

    masked = pa.schema([pa.field(schema.field(0).name, pa.string())])
    yield masked
    texts = (text for batch in batches for text in batch.column(0).to_pylist() if text and not text.isspace())
    first = next(texts, None)
    if first is None:
        return

    def write(sink: IO[bytes]) -> None:
        for text in itertools.chain([first], texts):
            # In JSON a line end is white space: a resource of several lines becomes one line.
            sink.write(text.replace("\r", " ").replace("\n", " ").encode() + b"\n")

    with Child(command, env) as child:
        child.feed(write)
        rows: list[str] = []
        for line in child.output:
            rows.append(line.decode().rstrip("\n"))
            if len(rows) == _FHIR_ROWS:
                yield pa.record_batch([pa.array(rows, pa.string())], schema=masked)
                rows = []
        child.finish()
        if rows:
            yield pa.record_batch([pa.array(rows, pa.string())], schema=masked)


def run(options: Options, key_file: Optional[str], audit_dir: Optional[str], env: dict[str, str], schema: Any, batches: Iterable[Any]) -> Iterator[Any]:
    """Masks batches as the options say. It yields the masked schema, then masked batches."""
    mask = mask_resources if options.fhir else mask_batches
    return mask(options.command(key_file, audit_dir), env, schema, batches)

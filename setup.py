"""Builds the native engine, if this Python can run it and there is a compiler.

All other settings are in pyproject.toml. Without a compiler the package is complete: the Python
engine runs, and a wheel is a pure wheel.
"""

import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

FOLDER = "autograd_mini/engines/native"

CORE = Extension(
    "autograd_mini.engines.native.core",
    [f"{FOLDER}/core.c"],
    depends=sorted(map(str, Path(FOLDER).glob("*.h"))),
    optional=True,  # if the build fails, the installation goes on
)

# Both engines must round each operation alike. So the compiler must not contract two operations
# into one, or compute a sine and a cosine together by another function. It may forget `errno` and
# the processor's flags of exceptions, which nothing reads: loops become vector code then. Without
# debugging symbols, which name the folder of the build, the same source gives the same bytes
# everywhere.
OPTIONS = {
    "msvc": ["/O2", "/fp:precise", "/std:c11"],
    "unix": [
        "-O3",
        "-std=c11",
        "-ffp-contract=off",
        "-fno-builtin-sin",
        "-fno-builtin-cos",
        "-g0",
        "-fno-math-errno",
        "-fno-trapping-math",
    ],
}
LIBRARIES = {"unix": ["m"]}


class BuildNative(build_ext):
    """Compiles with the options and libraries for the compiler that was found."""

    def build_extensions(self):
        kind = self.compiler.compiler_type
        for extension in self.extensions:
            extension.extra_compile_args += OPTIONS.get(kind, [])
            extension.libraries += LIBRARIES.get(kind, [])
        super().build_extensions()


class BuildWheel(bdist_wheel):
    """Makes a pure wheel if the extension could not be built."""

    def run(self):
        self.run_command("build_ext")
        built = self.get_finalized_command("build_ext").get_outputs()
        if not any(Path(path).exists() for path in built):
            self.distribution.ext_modules = None
            self.root_is_pure = True
        super().run()


# The native engine relies on the global interpreter lock and on CPython's object layout.
RUNS_HERE = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")

setup(
    ext_modules=[CORE] if RUNS_HERE else [],
    cmdclass={"build_ext": BuildNative, "bdist_wheel": BuildWheel},
)

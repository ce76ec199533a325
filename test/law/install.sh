#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Can a stranger build against what `cmake --install` leaves?  Installs the build in $WEIR_BUILD_DIR
# under an empty prefix and builds one program there four times: by pkg-config and by find_package,
# with the shared library and with the static one; each is run.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

cmake --install "$WEIR_BUILD_DIR" --prefix "$prefix" >"$work/log" || { cat "$work/log"; exit 1; }

# The archive alone may not know where it was built: the program is moved away from the sources.
mkdir "$work/app" && cd "$work/app"
if [ -e "$WEIR_SOURCE_DIR/examples/hello.c" ]; then
    cp "$WEIR_SOURCE_DIR/examples/hello.c" app.c
fi
cat >probe.c <<'C'
#include <stdio.h>
#include <string.h>
#include <weir/weir.h>

int main(void)
{
    puts(weir_strerror(WEIR_ECANCELED));
    return strcmp(weir_errname(WEIR_ECANCELED), "WEIR_ECANCELED") != 0;
}
C
cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(app C)
find_package(weir 0.1 REQUIRED)
file(GLOB sources *.c)
foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name}-shared ${source})
    target_link_libraries(${name}-shared PRIVATE weir::weir)
    add_executable(${name}-static ${source})
    target_link_libraries(${name}-static PRIVATE weir::static)
endforeach()
CMAKE

pc=$(find "$prefix" -name weir.pc)
export PKG_CONFIG_PATH=${pc%/*}
libdir=${pc%/pkgconfig/weir.pc}
read -ra flags <<<"$(pkg-config --cflags --libs weir)"
read -ra all <<<"$(pkg-config --static --cflags --libs weir)"
static=("${all[@]/#-lweir/-l:libweir.a}")

echo "by pkg-config"
for source in *.c; do
    name=${source%.c}
    cc -std=gnu17 "$source" "${flags[@]}" -Wl,-rpath,"$libdir" -o "pc-$name-shared"
    cc -std=gnu17 "$source" "${static[@]}" -o "pc-$name-static"
done
echo "by find_package"
quiet() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }; }
quiet cmake -S . -B out -G Ninja -DCMAKE_PREFIX_PATH="$prefix"
quiet cmake --build out

for program in pc-probe-shared pc-probe-static out/probe-shared out/probe-static; do
    echo "$program: $("./$program")"
done
if ldd pc-probe-static | grep libweir; then
    echo "pc-probe-static uses the shared library"
    exit 1
fi
if [ -x "$prefix/bin/weir" ]; then "$prefix/bin/weir" version; fi

# SPDX-License-Identifier: MIT
#
# What every file is compiled with, and the libraries from outside.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

set(WEIR_INCLUDE ${PROJECT_SOURCE_DIR}/include)
set(WEIR_SRC ${PROJECT_SOURCE_DIR}/src)

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
if(WEIR_URING)
    pkg_check_modules(LIBURING REQUIRED IMPORTED_TARGET liburing)
endif()
if(WEIR_IDN)
    pkg_check_modules(LIBIDN2 REQUIRED IMPORTED_TARGET libidn2)
endif()

# For our own code only: an installed weir::weir carries none of this.  _GNU_SOURCE is empty, as in
# a file that defines it for itself; the examples do without.
add_library(weir_warnings INTERFACE)
target_compile_options(weir_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
        -Werror>)
add_library(weir_flags INTERFACE)
target_link_libraries(weir_flags INTERFACE weir_warnings)
target_compile_definitions(weir_flags INTERFACE _GNU_SOURCE=)

if(WEIR_SANITIZE)
    set(sanitize -fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_compile_options(${sanitize})
    add_link_options(${sanitize})
    # A suite starts thousands of processes.  Without relocations and with the runtimes inside, each
    # starts and looks for leaks in half the time.
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND WEIR_SANITIZE MATCHES "address" AND NOT WEIR_SHARED)
        add_link_options(-no-pie -static-libasan -static-libubsan)
    endif()
endif()
if(WEIR_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
        message(FATAL_ERROR "WEIR_FUZZ needs clang: use the preset `fuzz`")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(WEIR_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
endif()
# Calls between floors are small and frequent: inlined at link time, a request costs a third less
# user time.  Fat objects let a program that links libweir.a without -flto have the ordinary code.
if(WEIR_LTO AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    add_compile_options("$<$<COMPILE_LANGUAGE:C>:-flto=auto;-ffat-lto-objects>")
    add_link_options(-flto=auto)
elseif(WEIR_LTO)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

# weir_sources(RESULT FOLDER...): the C and assembly files directly in the folders which are for
# this machine, tests left out.  A file named *_<processor>.* is for that processor alone.
function(weir_sources result)
    set(found)
    foreach(folder ${ARGN})
        file(GLOB here CONFIGURE_DEPENDS ${folder}/*.c ${folder}/*.S)
        list(APPEND found ${here})
    endforeach()
    list(FILTER found EXCLUDE REGEX "(_test|/testing)\\.c$")
    foreach(processor x86_64 aarch64)
        if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL processor)
            list(FILTER found EXCLUDE REGEX "_${processor}\\.[cS]$")
        endif()
    endforeach()
    set(${result} ${found} PARENT_SCOPE)
endfunction()

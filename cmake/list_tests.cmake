# SPDX-License-Identifier: MIT
#
# Asks the test program NAME for its tests and writes a ctest entry for each to OUT.
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${CMAKE_COMMAND} -E env ${ENVIRONMENT} ${LAUNCH} ${PROGRAM} --list
                OUTPUT_VARIABLE tests ERROR_VARIABLE errors RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${NAME} --list failed (${result})\n${errors}")
endif()

string(STRIP "${tests}" tests)
string(REGEX MATCHALL "[^\n]+" tests "${tests}")
list(JOIN LAUNCH "\" \"" launch)
if(launch)
    set(launch "\"${launch}\" ")
endif()
# What grows is the file: a string or a list of thousands would be copied or searched for each.
file(WRITE ${OUT}.new "set(environment \"${ENVIRONMENT}\")\n")
foreach(test ${tests})
    if(DEFINED "seen_${test}")
        message(FATAL_ERROR "${NAME} has two tests called ${test}")
    endif()
    set("seen_${test}" 1)
    file(APPEND ${OUT}.new
        "add_test(\"${NAME}.${test}\" ${launch}\"${PROGRAM}\" --only ${test})\n"
        "set_tests_properties(\"${NAME}.${test}\" PROPERTIES TIMEOUT 300 "
        "SKIP_REGULAR_EXPRESSION \"\\\\[  SKIPPED \\\\]\" ENVIRONMENT \"\${environment}\")\n")
endforeach()
file(RENAME ${OUT}.new ${OUT})

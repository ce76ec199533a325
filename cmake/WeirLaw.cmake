# SPDX-License-Identifier: MIT
#
# The law of the house as tests: each rule of tools/ is one ctest entry named by what it demands.

weir_script_test(law.includes_point_only_to_floors_below 900 tools/floors)
weir_script_test(law.each_public_header_compiles_alone 900 tools/headers alone)
weir_script_test(law.weir_h_includes_every_public_header 900 tools/headers umbrella)
weir_script_test(law.files_are_one_sitting_long 900 tools/tidy file_length)
weir_script_test(law.functions_are_at_most_70_lines 900 tools/tidy function_length)
weir_script_test(law.lines_are_at_most_100_columns 900 tools/tidy columns)
weir_script_test(law.nothing_is_left_for_later 900 tools/tidy leftovers)
weir_script_test(law.each_file_begins_with_its_licence 900 tools/tidy licence)
weir_script_test(law.files_are_chosen_rather_than_lines 900 tools/tidy conditionals)
weir_script_test(law.each_public_function_is_documented 900 tools/tidy documented)
weir_script_test(law.code_is_formatted 900 tools/tidy formatted)
weir_script_test(law.each_snippet_of_the_documents_compiles 900 tools/snippets)
weir_script_test(law.the_checkers_find_what_is_wrong 900 test/law/checkers.sh)
get_property(tests DIRECTORY PROPERTY TESTS)
list(FILTER tests INCLUDE REGEX "^law\\.")
set_tests_properties(${tests} PROPERTIES LABELS law)

if(TARGET weir_static AND NOT CMAKE_CROSSCOMPILING AND NOT WEIR_SANITIZE AND NOT WEIR_COVERAGE)
    weir_script_test(install.a_program_builds_against_the_installed_tree 900 test/law/install.sh)
endif()

/* SPDX-License-Identifier: MIT
 *
 * `weir http`: tools for HTTP/1.1, each a word after it.
 */
#include <stdio.h>
#include <string.h>

#include "http_parse.h"

static int run(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], "parse") == 0) return http_parse_run(argc - 1, argv + 1);
    if (argc > 0) {
        cli_complain("http has no command \"%s\"; weir http --help lists them", argv[0]);
        return CLI_USAGE;
    }
    fputs("Tools for HTTP/1.1.\n\n"
          "usage: weir http COMMAND [OPTION …]\n\n"
          "  parse     show what the parser sees in bytes, and where it refuses them\n\n"
          "weir http --help tells more.  To begin:\n"
          "printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' | weir http parse\n",
          stderr);
    return CLI_USAGE;
}

const cli_command cli_http = {
    .name = "http",
    .summary = "show what the HTTP/1.1 parser sees in bytes",
    .help =
        "usage: weir http parse [OPTION …] [FILE]\n\n"
        "Reads HTTP/1.1 messages from FILE or standard input and shows what Weir's parser makes "
        "of\n"
        "them: the parts with their offsets, where the body ends and by which rule of RFC 9112 "
        "6.3,\n"
        "whether the connection lives on, chunks and trailers, then the next message.  Where "
        "bytes\n"
        "are refused it names the error and the rule and points at the byte.  Bytes outside\n"
        "printable ASCII are shown as \\r \\n \\t \\\\ \\xHH.  At most 64 MiB are read.\n\n"
        "  --response        responses; else requests\n"
        "  --method LIST     what the responses answer, in turn (the last for all that follow):\n"
        "                    --method HEAD, --method GET,CONNECT; else GET\n"
        "  --lenient LIST    accept what is refused else; each has its risk:\n"
        "      lf            a lone LF ends a line of the head.  A peer in front that does not\n"
        "                    split there sees other fields\n"
        "      fold          folded field lines, in responses.  A peer in front may read the\n"
        "                    second line as a field of its own\n"
        "      length-list   Content-Length repeated with equal values.  It shows that somebody\n"
        "                    on the way has mistaken the message already\n"
        "      te-cl         Transfer-Encoding beside Content-Length; the former wins.  This is\n"
        "                    the classic request smuggling\n"
        "      no-host       an HTTP/1.1 request without Host.  It is routed by a default that\n"
        "                    the sender does not know\n"
        "      target-bytes  bytes 0x80 to 0xFF in the target.  Filters and logs on the way may\n"
        "                    see another path than the handler\n"
        "      codings       transfer codings besides chunked.  Who does not undo them serves\n"
        "                    compressed bytes as content\n"
        "  --limit NAME=N    another bound; may be given several times.  The names, with "
        "defaults:\n"
        "                    empty_lines=8 start_line=8192 field_line=16384\n"
        "                    field_section=65536 fields=128 chunk_extension=256\n"
        "                    chunk_extensions=4096 trailer_section=8192 trailers=32\n"
        "                    body=18446744073709551615 (none)\n"
        "  --no-eof          the stream goes on after FILE; else its end is the end of the\n"
        "                    stream, which ends a body without length and cuts anything else\n"
        "  --json            one JSON object per message and line; bytes are escaped as above\n\n"
        "The status is 0 when all messages are well, 1 when one is refused or cut, or the input\n"
        "cannot be read, 2 for a wrong command line.\n\n"
        "example: printf 'GET / HTTP/1.1\\r\\nHost : a\\r\\n\\r\\n' | weir http parse\n"
        "         weir http parse --lenient lf,no-host request.bin\n"
        "         weir http parse --response --method HEAD --json answer.bin | jq .framing\n",
    .run = run,
};

/* SPDX-License-Identifier: MIT
 *
 * All of Weir's public headers, floor by floor.  A program that wants less includes less.
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <weir/base/bytes.h>
#include <weir/base/error.h>
#include <weir/base/num.h>
#include <weir/base/time.h>
#include <weir/base/utf8.h>

#include <weir/io/addr.h>
#include <weir/io/clock.h>
#include <weir/io/file.h>
#include <weir/io/group.h>
#include <weir/io/inspect.h>
#include <weir/io/io.h>
#include <weir/io/op.h>
#include <weir/io/outside.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>
#include <weir/io/socket.h>
#include <weir/io/task.h>
#include <weir/io/token.h>
#include <weir/io/wait.h>
#include <weir/io/word.h>
#include <weir/io/work.h>

#include <weir/io/threaded/threaded.h>

#include <weir/io/evented/evented.h>

#include <weir/io/engine/engine.h>

#include <weir/sync/mutex.h>

#include <weir/stream/pipe.h>
#include <weir/stream/reader.h>
#include <weir/stream/stream.h>
#include <weir/stream/writer.h>

#include <weir/net/acceptor.h>
#include <weir/net/endpoint.h>
#include <weir/net/tcp.h>

#include <weir/http/types/date.h>
#include <weir/http/types/field.h>
#include <weir/http/types/method.h>
#include <weir/http/types/status.h>
#include <weir/http/types/url.h>
#include <weir/http/types/version.h>

#include <weir/http/wire/chunked.h>
#include <weir/http/wire/framing.h>
#include <weir/http/wire/options.h>
#include <weir/http/wire/parser.h>
#include <weir/http/wire/serializer.h>

#include <weir/http/server/exchange.h>
#include <weir/http/server/server.h>

#endif

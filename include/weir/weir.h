/* SPDX-License-Identifier: MIT
 *
 * All of Weir's public headers, floor by floor.  A program that wants less includes less.
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <weir/base/backoff.h>
#include <weir/base/bytes.h>
#include <weir/base/error.h>
#include <weir/base/hash.h>
#include <weir/base/num.h>
#include <weir/base/time.h>
#include <weir/base/utf8.h>

#include <weir/io/addr.h>
#include <weir/io/clock.h>
#include <weir/io/debug.h>
#include <weir/io/file.h>
#include <weir/io/group.h>
#include <weir/io/inspect.h>
#include <weir/io/interval.h>
#include <weir/io/io.h>
#include <weir/io/op.h>
#include <weir/io/outside.h>
#include <weir/io/random.h>
#include <weir/io/scope.h>
#include <weir/io/signal.h>
#include <weir/io/socket.h>
#include <weir/io/task.h>
#include <weir/io/token.h>
#include <weir/io/wait.h>
#include <weir/io/word.h>
#include <weir/io/work.h>

#include <weir/io/threaded/threaded.h>

#include <weir/io/evented/evented.h>

#include <weir/io/sim/fault.h>
#include <weir/io/sim/runner.h>
#include <weir/io/sim/sim.h>
#include <weir/io/sim/tally.h>
#include <weir/io/sim/trace.h>

#include <weir/io/engine/engine.h>

#include <weir/sync/barrier.h>
#include <weir/sync/broadcast.h>
#include <weir/sync/channel.h>
#include <weir/sync/channel_ring.h>
#include <weir/sync/condition.h>
#include <weir/sync/event.h>
#include <weir/sync/join.h>
#include <weir/sync/mutex.h>
#include <weir/sync/notify.h>
#include <weir/sync/once.h>
#include <weir/sync/oneshot.h>
#include <weir/sync/pace.h>
#include <weir/sync/rwlock.h>
#include <weir/sync/semaphore.h>
#include <weir/sync/set.h>
#include <weir/sync/wait_group.h>
#include <weir/sync/watch.h>

#include <weir/stream/pipe.h>
#include <weir/stream/reader.h>
#include <weir/stream/stream.h>
#include <weir/stream/writer.h>

#include <weir/net/accept_limit.h>
#include <weir/net/acceptor.h>
#include <weir/net/ancillary.h>
#include <weir/net/endpoint.h>
#include <weir/net/incoming.h>
#include <weir/net/interface.h>
#include <weir/net/ip_class.h>
#include <weir/net/multicast.h>
#include <weir/net/option.h>
#include <weir/net/order.h>
#include <weir/net/policy.h>
#include <weir/net/prefix.h>
#include <weir/net/prefix_set.h>
#include <weir/net/relay.h>
#include <weir/net/serve.h>
#include <weir/net/split.h>
#include <weir/net/tcp.h>
#include <weir/net/tcp_info.h>
#include <weir/net/udp.h>
#include <weir/net/unix.h>
#include <weir/net/unix_message.h>

#include <weir/process/process.h>
#include <weir/process/stdio.h>

#include <weir/dns/answer.h>
#include <weir/dns/config.h>
#include <weir/dns/dial.h>
#include <weir/dns/hosts.h>
#include <weir/dns/idna.h>
#include <weir/dns/lookup.h>
#include <weir/dns/nsswitch.h>
#include <weir/dns/report.h>
#include <weir/dns/resolver.h>
#include <weir/dns/search.h>
#include <weir/dns/sni.h>
#include <weir/dns/special.h>
#include <weir/dns/stream.h>
#include <weir/dns/view.h>
#include <weir/dns/wire/edns.h>
#include <weir/dns/wire/message.h>
#include <weir/dns/wire/name.h>
#include <weir/dns/wire/record.h>
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

// Proves that listening, accepting, connecting and resolving work and fail as documented: a port that is in use is told
// at once, a free one is the same for v4 and v6, a connection that nobody answers ends at its deadline, signals arrive
// as events. How: real loopback sockets on free ports, signals sent to this process.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "server/runtime/connecting.h"
#include "server/runtime/listening.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/open_files.h"
#include "server/runtime/run_on.h"
#include "server/runtime/signals.h"
#include "server/task/gate.h"

namespace mydht::runtime {
namespace {

using namespace std::chrono_literals;
using Poco::Net::SocketAddress;

TEST(ListenTest, AFreePortIsTheSameForEveryAddress) {
  const auto listening = listenOn(loopbackAddresses(), 0, 0s);
  ASSERT_TRUE(listening.ok()) << listening.error().text;
  EXPECT_NE(listening->port, 0);
  EXPECT_EQ(listening->sockets.size(), loopbackAddresses().size());
  for (const auto& socket : listening->sockets) EXPECT_EQ(socket.address().port(), listening->port);
}

TEST(ListenTest, APortOnWhichSomebodyAnswersIsRefusedAtOnce) {
  const auto first = listenOn({"127.0.0.1"}, 0, 0s);
  const auto begin = std::chrono::steady_clock::now();
  const auto second = listenOn({"127.0.0.1"}, first->port, 10s);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, Kind::Conflict);
  EXPECT_EQ(second.error().text, "port " + std::to_string(first->port) + " is in use at 127.0.0.1");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

/// Makes an outgoing connection hold a port for a while, and listens on it meanwhile.
bool listensOnceItIsFree() {
  const auto server = listenOn({"127.0.0.1"}, 0, 0s);
  // What the kernel chooses for a connection may also be held by one in TIME_WAIT; where one can listen it is not.
  const std::uint16_t held = listenOn({"127.0.0.1"}, 0, 0s)->port;
  auto outgoing = std::make_unique<Poco::Net::StreamSocket>();
  outgoing->impl()->bind(SocketAddress("127.0.0.1", held), false);
  outgoing->connect(SocketAddress("127.0.0.1", server->port));
  EXPECT_FALSE(listenOn({"127.0.0.1"}, held, 0s).ok());
  std::thread later([&outgoing] {
    std::this_thread::sleep_for(150ms);  // longer than one try
    const linger reset{1, 0};            // no TIME_WAIT: the port is free at once
    ::setsockopt(outgoing->impl()->sockfd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    outgoing.reset();
  });
  const bool listens = listenOn({"127.0.0.1"}, held, 3s).ok();
  later.join();
  return listens;
}

TEST(ListenTest, APortThatAnOutgoingConnectionHoldsIsTriedAgainUntilItIsFree) {
  bool listens = false;  // another program on this machine may take the port when it is free: then once more
  for (int i = 0; i < 5 && !listens; ++i) listens = listensOnceItIsFree();
  EXPECT_TRUE(listens);
}

TEST(ListenTest, AnAddressThatIsNotOursIsAnErrorAndNoConflict) {
  EXPECT_EQ(listenOn({"192.0.2.1"}, 0, 0s).error().kind, Kind::Io);
  EXPECT_EQ(listenOn({"nonsense"}, 0, 0s).error().kind, Kind::BadRequest);
}

Task<std::string> greetOnce(EventLoop& loop, Acceptor& acceptor) {
  auto taken = co_await acceptor.accept(loop.now() + 10s);
  if (!taken) co_return taken.error().text;
  Socket socket(loop, *taken);
  socket.send("hello");
  co_return peerAddress(*taken)->host().toString();
}

Task<std::string> connectAndRead(EventLoop& loop, SocketAddress address) {
  auto socket = co_await connectTo(loop, address, loop.now() + 10s);
  if (!socket) co_return socket.error().text;
  std::array<char, 16> room{};
  while (true) {
    const Transfer got = (*socket)->receive(room);
    if (got.state == Transfer::State::Some) co_return std::string(room.data(), got.bytes);
    const bool ready = co_await (*socket)->readable(loop.now() + 10s);
    if (!ready) co_return "late";
  }
}

Task<> store(Task<std::string> task, std::string& to) {
  auto text = co_await task;
  to = std::move(text);
}

Task<std::string> meet(EventLoop& loop, Poco::Net::ServerSocket server, SocketAddress address) {
  Acceptor acceptor(loop, server);
  std::string peer;
  std::string heard;
  Gate gate(loop);
  gate.spawn(store(greetOnce(loop, acceptor), peer));
  gate.spawn(store(connectAndRead(loop, address), heard));
  co_await gate.close();
  co_return peer + " " + heard;
}

TEST(ConnectTest, AConnectionIsMadeAndTakenOnOneLoop) {
  LoopThread thread;
  const auto listening = listenOn(loopbackAddresses(), 0, 0s);
  for (const auto& socket : listening->sockets) {
    const std::string host = socket.address().host().toString();
    EXPECT_EQ(runOn(thread.loop(), meet(thread.loop(), socket, socket.address())), host + " hello");
  }
}

TEST(ConnectTest, NobodyThereIsUnavailableWithTheReason) {
  LoopThread thread;
  std::uint16_t free = 0;
  {
    const auto listening = listenOn({"127.0.0.1"}, 0, 0s);
    free = listening->port;
  }
  const auto text = runOn(thread.loop(), connectAndRead(thread.loop(), SocketAddress("127.0.0.1", free)));
  EXPECT_EQ(text,
            "cannot connect to 127.0.0.1:" + std::to_string(free) + ": Connection refused: nothing listens there");
}

Task<std::string> acceptUntilStopped(EventLoop& loop, Poco::Net::ServerSocket server) {
  Acceptor acceptor(loop, server);
  std::string outcome;
  auto late = co_await acceptor.accept(loop.now() + 5ms);
  Gate gate(loop);
  gate.spawn(store(greetOnce(loop, acceptor), outcome));
  co_await yieldNow();
  acceptor.stop();
  co_await gate.close();
  co_return std::string(kindName(late.error().kind)) + ", " + outcome;
}

TEST(AcceptTest, WaitingEndsAtTheDeadlineAndWithStop) {
  LoopThread thread;
  const auto listening = listenOn({"127.0.0.1"}, 0, 0s);
  EXPECT_EQ(runOn(thread.loop(), acceptUntilStopped(thread.loop(), listening->sockets.front())),
            "unavailable, this node is stopping");
}

TEST(ResolveTest, LiteralsNeedNoPoolAndNamesAreLookedUpOnIt) {
  LoopThread thread;
  BlockingPool pool(1, 4);
  const auto local = runOn(thread.loop(), resolve(pool, "localhost", 80));
  ASSERT_TRUE(local.ok());
  EXPECT_TRUE(local->front().host().isLoopback());
  EXPECT_FALSE(runOn(thread.loop(), resolve(pool, "no-such-host.invalid", 80)).ok());
  pool.stop();
  const auto v6 = runOn(thread.loop(), resolve(pool, "[::1]", 8080));
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->front().toString(), "[::1]:8080");
}

TEST(HostPortTest, OnlyHostColonPortIsOne) {
  EXPECT_EQ(parseHostPort("localhost:50140")->host, "localhost");
  EXPECT_EQ(parseHostPort("[::1]:50140")->port, 50140);
  for (const char* bad : {"", "localhost", ":50140", "localhost:", "localhost:0", "localhost:65536", "a:b:1", "h:1x"}) {
    EXPECT_FALSE(parseHostPort(bad).ok()) << bad;
  }
}

TEST(OpenFilesTest, TheLimitIsRaisedToWhatTheSystemAllows) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit low{64, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &low);
  EXPECT_EQ(raiseOpenFileLimit(), before.rlim_max);
  rlimit after{};
  ::getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(OpenFilesTest, AreDividedSoThatClientsNeverTakeThoseOfTheDatabase) {
  for (const std::size_t limit : {256U, 512U, 1024U, 20'000U}) {
    const OpenFileShares shares = sharesOf(limit);
    EXPECT_EQ(shares.connections, limit / 2);
    EXPECT_GT(shares.reserve, shares.tables);
    EXPECT_LT(shares.connections + shares.blobs + shares.reserve, limit) << "calls to other nodes need some";
  }
  const std::size_t limit = openFileLimit();
  const auto first = static_cast<int>(limit - sharesOf(limit).reserve);
  EXPECT_TRUE(leavesReserve(0));
  EXPECT_TRUE(leavesReserve(first - 1));
  EXPECT_FALSE(leavesReserve(first));
}

Task<std::string> twoSignals(EventLoop& loop) {
  Signals signals(loop);
  ::kill(::getpid(), SIGHUP);
  auto first = co_await signals.next(loop.now() + 10s);
  ::kill(::getpid(), SIGTERM);
  auto second = co_await signals.next(loop.now() + 10s);
  auto third = co_await signals.next(loop.now() + 5ms);
  const bool right = first == SIGHUP && second == SIGTERM && !third;
  co_return right ? "as sent" : "wrong";
}

TEST(SignalsTest, SignalsComeAsEventsAndOnce) {
  EXPECT_EXIT(
      {
        blockSignals();  // in a process of its own: it must come before the first thread
        LoopThread thread;
        std::_Exit(runOn(thread.loop(), twoSignals(thread.loop())) == "as sent" ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace mydht::runtime

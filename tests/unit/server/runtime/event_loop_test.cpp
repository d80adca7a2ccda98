// Proves that an event loop takes what other threads post without losing any or sleeping through it, that it stops and
// runs again, and that sockets on it become ready, time out and end as they should. How: real threads, real loopback
// sockets and pipes; everything awaited, nothing slept for but deadlines of a few milliseconds.
#include "server/runtime/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/runtime/descriptor.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"
#include "server/runtime/socket.h"
#include "server/task/gate.h"

namespace mydht::runtime {
namespace {

using namespace std::chrono_literals;

Task<int> five() {
  co_return 5;
}

Task<int> manySwitches(EventLoop& a, EventLoop& b, std::atomic<int>& count) {
  for (int i = 0; i < 2000; ++i) {
    co_await switchTo(b);
    count.fetch_add(1, std::memory_order_relaxed);
    co_await switchTo(a);
  }
  co_return count.load();
}

TEST(EventLoopTest, ATaskFromAnotherThreadRunsAndGivesItsResult) {
  LoopThread thread;
  EXPECT_EQ(runOn(thread.loop(), five()), 5);
}

TEST(EventLoopTest, NoPostOfManyThreadsIsLostOrSleptThrough) {
  LoopThread home;
  LoopThread away;
  std::atomic<int> count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { runOn(home.loop(), manySwitches(home.loop(), away.loop(), count)); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count.load(), 8000);
}

TEST(EventLoopTest, AStoppedLoopRunsAgain) {
  EventLoop loop;
  for (int i = 0; i < 3; ++i) {
    std::thread thread([&loop] { loop.run(); });
    EXPECT_EQ(runOn(loop, five()), 5);
    loop.stop();
    thread.join();
  }
}

TEST(EventLoopTest, AStopBeforeTheRunEndsItAtOnce) {
  EventLoop loop;
  loop.stop();
  loop.run();
}

TEST(EventLoopTest, WhatIsReadyRunsBeforeTheLoopStops) {
  EventLoop loop;
  int ran = 0;
  Gate gate(loop);
  gate.spawn([](EventLoop& on, int& count) -> Task<> {
    on.stop();
    for (int i = 0; i < 500; ++i) co_await yieldNow();
    count = 1;
  }(loop, ran));
  loop.run();
  EXPECT_EQ(ran, 1);
}

/// Two connected sockets, one on the loop, one in the test's hands.
struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    near = Descriptor(ends[0]);
    far = Descriptor(ends[1]);
  }
  void write(const std::string& text) const {
    EXPECT_EQ(::write(far.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  Descriptor near;
  Descriptor far;
};

/// Receives until the end or until the deadline: what came and how it ended.
Task<std::string> receiveAll(EventLoop& loop, int descriptor, Duration patience) {
  Socket socket(loop, adopt(descriptor));
  std::string all;
  std::array<char, 16> room{};
  while (true) {
    const Transfer got = socket.receive(room);
    if (got.state == Transfer::State::Some) {
      all.append(room.data(), got.bytes);
      continue;
    }
    if (got.state == Transfer::State::End) co_return all + "|end";
    if (got.state == Transfer::State::Failed) co_return all + "|failed";
    const Deadline deadline = loop.now() + patience;
    const bool ready = co_await socket.readable(deadline);
    if (!ready) co_return all + "|late";
  }
}

TEST(EventLoopTest, WhatWasSentBeforeTheSocketCameToTheLoopIsRead) {
  LoopThread thread;
  Pair pair;
  pair.write("early");
  pair.far = Descriptor();
  EXPECT_EQ(runOn(thread.loop(), receiveAll(thread.loop(), pair.near.release(), 10s)), "early|end");
}

TEST(EventLoopTest, AReaderWakesForEachPieceAndForTheEnd) {
  LoopThread thread;
  Pair pair;
  std::thread writer([&pair] {
    for (int i = 0; i < 200; ++i) {
      pair.write("0123456789abcdef0123");  // more than the reader's room, and not a multiple of it
      if (i % 10 == 0) std::this_thread::yield();
    }
    pair.far = Descriptor();
  });
  const std::string all = runOn(thread.loop(), receiveAll(thread.loop(), pair.near.release(), 10s));
  writer.join();
  EXPECT_EQ(all.size(), 200u * 20 + 4);
  EXPECT_TRUE(all.ends_with("|end"));
}

TEST(EventLoopTest, AWaitEndsAtItsDeadline) {
  LoopThread thread;
  Pair pair;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(runOn(thread.loop(), receiveAll(thread.loop(), pair.near.release(), 30ms)), "|late");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 29ms);
}

Task<std::string> waitsWithFallingDeadlines(EventLoop& loop, int descriptor) {
  Socket socket(loop, adopt(descriptor));
  std::array<char, 16> room{};
  std::string outcome;
  EXPECT_EQ(socket.receive(room).state, Transfer::State::WouldBlock);
  for (const auto patience : {40ms, 10ms, 20ms}) {
    const Time begin = loop.now();
    const bool ready = co_await socket.readable(begin + patience);
    const auto waited = loop.now() - begin;
    outcome += !ready && waited >= patience && waited < patience + 5s ? "late " : "wrong ";
  }
  co_return outcome;
}

TEST(EventLoopTest, EachWaitHasItsOwnDeadlineWhateverTheOneBeforeWas) {
  LoopThread thread;
  Pair pair;
  EXPECT_EQ(runOn(thread.loop(), waitsWithFallingDeadlines(thread.loop(), pair.near.release())), "late late late ");
}

Task<> waitReadable(Socket& socket, Time deadline, std::string& outcome) {
  const bool ready = co_await socket.readable(deadline);
  outcome += ready ? "readable " : "no-read ";
}

Task<> waitWritable(Socket& socket, Time deadline, std::string& outcome) {
  const bool ready = co_await socket.writable(deadline);
  outcome += ready ? "writable " : "no-write ";
}

Task<std::string> bothSides(EventLoop& loop, int descriptor) {
  Socket socket(loop, adopt(descriptor));
  std::array<char, 16> room{};
  EXPECT_EQ(socket.receive(room).state, Transfer::State::WouldBlock);
  const std::string block(65536, 'x');
  while (socket.send(block).state == Transfer::State::Some) {
  }
  std::string outcome;
  Gate gate(loop);
  gate.spawn(waitReadable(socket, loop.now() + 20ms, outcome));
  gate.spawn(waitWritable(socket, loop.now() + 10ms, outcome));
  co_await gate.close();
  gate.spawn(waitReadable(socket, Time::max(), outcome));
  gate.spawn(waitWritable(socket, Time::max(), outcome));
  co_await yieldNow();
  socket.abort();
  co_await gate.close();
  co_return outcome;
}

TEST(EventLoopTest, AReaderAndAWriterWaitBesideEachOtherAndAbortWakesBoth) {
  LoopThread thread;
  Pair pair;
  EXPECT_EQ(runOn(thread.loop(), bothSides(thread.loop(), pair.near.release())), "no-write no-read readable writable ");
}

Task<std::string> sendWhole(EventLoop& loop, int descriptor, std::string text, std::atomic<bool>& blocked) {
  Socket socket(loop, adopt(descriptor));
  std::string_view left = text;
  int waits = 0;
  while (!left.empty()) {
    const Transfer sent = socket.send(left);
    if (sent.state == Transfer::State::Some) {
      left.remove_prefix(sent.bytes);
    } else if (sent.state == Transfer::State::WouldBlock) {
      ++waits;
      blocked = true;
      const bool ready = co_await socket.writable(loop.now() + 10s);
      if (!ready) co_return "stuck";
    } else {
      co_return "failed";
    }
  }
  co_return waits > 0 ? "sent after waiting" : "sent at once";
}

TEST(EventLoopTest, AWriterGoesOnWhenTheReaderMakesRoom) {
  LoopThread thread;
  Pair pair;
  const std::string text(4 * 1024 * 1024, 'y');
  std::size_t read = 0;
  std::atomic<bool> blocked = false;
  std::thread reader([&] {
    while (!blocked) std::this_thread::yield();
    std::vector<char> room(50'000);
    while (true) {
      const auto got = ::read(pair.far.get(), room.data(), room.size());
      if (got <= 0) break;
      read += static_cast<std::size_t>(got);
    }
  });
  EXPECT_EQ(runOn(thread.loop(), sendWhole(thread.loop(), pair.near.release(), text, blocked)), "sent after waiting");
  reader.join();
  EXPECT_EQ(read, text.size());
}

TEST(EventLoopTest, SendingToAClosedConnectionFailsWithoutASignal) {
  LoopThread thread;
  Pair pair;
  pair.far = Descriptor();
  std::atomic<bool> blocked = false;
  EXPECT_EQ(runOn(thread.loop(), sendWhole(thread.loop(), pair.near.release(), "x", blocked)), "failed");
}

TEST(EventLoopTest, DestroyingALoopThatSomebodySleepsOnEndsTheProcess) {
  EXPECT_DEATH(
      {
        EventLoop loop;
        Gate gate(loop);
        gate.spawn([](Time when) -> Task<> { co_await sleepUntil(when); }(loop.now() + 1h));
        gate.spawn([](EventLoop& on) -> Task<> {
          on.stop();
          co_return;
        }(loop));
        loop.run();
      },
      "broken invariant");
}

}  // namespace
}  // namespace mydht::runtime

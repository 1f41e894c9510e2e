// SPDX-License-Identifier: Apache-2.0
// Threads for the tasks of oneTBB, each begun on a processor of its own. Linux may start a thread beside the
// one that made it although other processors are idle, and moves it after one or more ticks of 4 ms: a tenth
// of the time in which two threads read 260 MB.
#pragma once

#include <functional>

namespace talweg {

/// Runs `work` and the oneTBB tasks that it starts on up to `threads` threads, this one among them. A thread
/// that begins on a processor where another one has begun already is moved, if it may run on a free one;
/// where it runs afterwards is left to the system, as before.
void with_threads(unsigned threads, const std::function<void()>& work);

}  // namespace talweg

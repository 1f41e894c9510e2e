# SPDX-License-Identifier: Apache-2.0
# Every target installs what it misses (Debian packages, scripts/install-packages) and can be called on a fresh machine.
.PHONY: build demo gallery test test-fast asan tsan bench accuracy format check clean
.DEFAULT_GOAL := build

build:
	@scripts/install-packages build
	@cmake --preset release
	@cmake --build --preset release

demo: build
	@scripts/demo

gallery: build
	@scripts/make-gallery

test:
	@scripts/install-packages build test
	@scripts/install-browser-driver
	@cmake --preset dev
	@cmake --build --preset dev
	@ctest --preset dev -j2

test-fast:
	@scripts/install-packages build test
	@cmake --preset dev
	@cmake --build --preset dev
	@ctest --preset dev -j2 -L fast

asan tsan:
	@scripts/install-packages build test
	@cmake --preset $@
	@cmake --build --preset $@
	@ctest --preset $@ -j2 -LE sanitizer-off

bench: build
	@scripts/install-packages bench
	@bench/run

accuracy: build
	@scripts/accuracy build/release/talweg

format:
	@scripts/install-packages check
	@git ls-files '*.h' '*.cpp' | xargs clang-format -i

check:
	@scripts/install-packages build test check
	@git ls-files '*.h' '*.cpp' | xargs clang-format --dry-run --Werror
	@scripts/check-includes
	@cmake --preset dev > /dev/null
	@scripts/run-clang-tidy build/dev

clean:
	rm -rf build out

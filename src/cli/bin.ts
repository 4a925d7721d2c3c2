#!/usr/bin/env node
import process from 'node:process'
import type { InterruptSignal } from './io.ts'
import { main } from './main.ts'

// A reader that has gone away, as in `... | head -1`, is no reason to end with a stack trace.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

process.exitCode = await main(process.argv.slice(2), {
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  onInterrupt(listener) {
    const onSignal = (signal: InterruptSignal) => listener(signal)
    for (const signal of interrupts) process.on(signal, onSignal)
    return () => {
      for (const signal of interrupts) process.off(signal, onSignal)
    }
  },
  exit: (code) => process.exit(code),
})

import type { MachinePool, RunningMachine } from './machine.ts'

/** The pool of a stand-in that is started without machines. */
export class NoMachines implements MachinePool {
  async acquire(): Promise<RunningMachine> {
    throw new Error('this stand-in was started without machines')
  }

  async release(): Promise<void> {}

  async reset(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

import { invalidOption } from '../../base/errors.ts'
import type { OptionNames } from '../../base/known-options.ts'

/** What a build is about to do, for Depot's dashboard; `save` also decides where it is saved. */
export interface BuildPlan {
  /** Keeps the image in Depot's registry; with names of its own beside the id of the build. */
  readonly save?: boolean | { readonly tags: readonly string[] } | undefined
  /** True when the image is pushed to another registry. */
  readonly push?: boolean | undefined
  /** True when the image is loaded into an Engine. */
  readonly load?: boolean | undefined
  /** The image's names. */
  readonly tags?: readonly string[] | undefined
  /** The stage of the Dockerfile that is built, where it is not the last. */
  readonly target?: string | undefined
  /** What becomes of the result: exporters, with the attributes that are shown. */
  readonly outputs?: readonly PlannedOutput[] | undefined
}

export interface PlannedOutput {
  /** Such as `image`. */
  readonly type: string
  readonly attrs?: Readonly<Record<string, string>> | undefined
}

export const buildPlanNames: OptionNames<BuildPlan> = {
  save: true,
  push: true,
  load: true,
  tags: true,
  target: true,
  outputs: true,
}

/** @internal Throws INVALID_OPTION for names that are no list: of text, each letter would be one. */
export function checkBuildPlan({ tags, save, target, outputs = [] }: BuildPlan): void {
  if (target !== undefined && typeof target !== 'string')
    throw invalidOption('target', { expected: 'the name of a stage', received: target })
  if (!Array.isArray(outputs) || !outputs.every((output) => typeof output?.type === 'string'))
    throw invalidOption('outputs', { expected: 'a list of { type, attrs }', received: outputs })
  if (tags !== undefined) checkList(tags, 'tags')
  if (save !== undefined && typeof save !== 'boolean') checkList(save.tags, 'save.tags')
}

/** @internal Throws INVALID_OPTION for what is no list of texts. */
export function checkList(value: readonly string[], option: string): void {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return
  throw invalidOption(option, { expected: 'a list of texts', received: value })
}

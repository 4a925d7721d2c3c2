import { join } from 'node:path'
import type { Environment } from './environment.ts'

/** The folder of the Docker tools' configuration: `DOCKER_CONFIG`, else `.docker` in `HOME`; undefined without either. */
export function dockerFolder({ DOCKER_CONFIG, HOME }: Environment): string | undefined {
  return DOCKER_CONFIG || (HOME ? join(HOME, '.docker') : undefined)
}

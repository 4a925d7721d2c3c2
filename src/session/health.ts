import { grpc } from '../gen/buildkit.js'
import { type Attachable, unary } from './attachable.ts'

const { HealthCheckResponse } = grpc.health.v1

/**
 * Answers the daemon's health checks, which come every second to every fifth. Without it a session dies
 * after some ten seconds.
 */
export function health(onCheck: () => void): Attachable {
  const serving = HealthCheckResponse.encode({ status: HealthCheckResponse.ServingStatus.SERVING }).finish()
  return {
    methods: {
      '/grpc.health.v1.Health/Check': unary(() => {
        onCheck()
        return serving
      }),
    },
  }
}

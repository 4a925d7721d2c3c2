import { grpc } from '../gen/buildkit.js'
import { type Attachable, unary } from './attachable.ts'

const { HealthCheckResponse } = grpc.health.v1

const serving = HealthCheckResponse.encode({ status: HealthCheckResponse.ServingStatus.SERVING }).finish()

/**
 * Answers the daemon's health checks, which come every second to every fifth. Without it a session dies after some
 * ten seconds. That the daemon is still there is not asked here: the connection that carries the session knows.
 */
export const health: Attachable = { methods: { '/grpc.health.v1.Health/Check': unary(() => serving) } }

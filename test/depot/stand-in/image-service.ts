import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import type { ServiceImpl } from '@connectrpc/connect'
import type { RegistryService } from '../../../src/gen/depot/build_pb.js'
import { pageOf } from './paging.ts'
import type { Plane } from './plane.ts'

/** `depot.build.v1.RegistryService`; without a registry no image was ever saved. */
export function imageService({ images }: Plane): ServiceImpl<typeof RegistryService> {
  return {
    async listImages({ projectId, ...request }) {
      const saved = (await images?.list(projectId)) ?? []
      const { items, nextPageToken } = pageOf(saved, ({ tag }) => tag, request)
      return {
        images: items.map(({ tag, digest, pushedAt, sizeBytes }) => ({
          tag,
          digest,
          pushedAt: timestampFromDate(pushedAt),
          sizeBytes: BigInt(sizeBytes),
        })),
        nextPageToken,
      }
    },
    async deleteImage({ projectId, imageTags }) {
      await images?.delete(projectId, imageTags)
      return {}
    },
  }
}

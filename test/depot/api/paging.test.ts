import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BuildkitError } from '../../../src/base/errors.ts'
import { type Page, type PageRequest, pages } from '../../../src/depot/api/paging.ts'
import { all } from '../fake-service.ts'

/** A list of numbers on pages, and what was asked for. */
function numbers(count: number) {
  const asked: PageRequest[] = []
  const fetchPage = (page: PageRequest) => async (): Promise<Page<number>> => {
    asked.push(page)
    const from = Number(page.pageToken ?? 0)
    const to = Math.min(from + page.pageSize, count)
    const items = Array.from({ length: to - from }, (_, index) => from + index)
    return { items, nextPageToken: to < count ? String(to) : '' }
  }
  return { fetchPage, asked }
}

describe('pages', () => {
  it('gives everything on all pages, in order', async () => {
    const { fetchPage, asked } = numbers(7)
    assert.deepEqual(await all(pages(fetchPage, { pageSize: 3 })), [0, 1, 2, 3, 4, 5, 6])
    assert.deepEqual(asked, [
      { pageSize: 3 },
      { pageSize: 3, pageToken: '3' },
      { pageSize: 3, pageToken: '6' },
    ])
  })

  it('fetches a page only when it is wanted, 100 at a time by default', async () => {
    const { fetchPage, asked } = numbers(250)
    const list = pages(fetchPage)
    assert.deepEqual(asked, [])
    for await (const number of list) if (number === 100) break
    assert.deepEqual(asked, [{ pageSize: 100 }, { pageSize: 100, pageToken: '100' }])
  })

  it('goes on after an empty page, as a filtered list may have', async () => {
    const answers: Page<number>[] = [
      { items: [], nextPageToken: 'a' },
      { items: [1], nextPageToken: 'b' },
      { items: [] },
    ]
    assert.deepEqual(await all(pages(() => async () => answers.shift()!)), [1])
  })

  it('ends a list that goes in circles', async () => {
    await assert.rejects(all(pages(() => async () => ({ items: [1], nextPageToken: 'a' }))), {
      code: 'API_FAILED',
    })
  })

  it('ends a list of nothing but empty pages', async () => {
    let page = 0
    await assert.rejects(all(pages(() => async () => ({ items: [], nextPageToken: String(page++) }))), {
      code: 'API_FAILED',
    })
    assert.equal(page, 100)
  })

  it('fetches a page again while the service is unwell, and starts no page over', async () => {
    const { fetchPage, asked } = numbers(4)
    let failures = 1
    const list = pages(
      (page) => async () => {
        if (page.pageToken !== undefined && failures-- > 0) throw new BuildkitError('UNREACHABLE', 'unwell')
        return fetchPage(page)()
      },
      { pageSize: 2 },
    )
    assert.deepEqual(await all(list), [0, 1, 2, 3])
    assert.equal(asked.length, 2)
  })

  for (const pageSize of [0, -1, 1.5, 1001, Number.NaN]) {
    it(`refuses a pageSize of ${pageSize}`, async () => {
      const { fetchPage, asked } = numbers(1)
      await assert.rejects(all(pages(fetchPage, { pageSize })), {
        code: 'INVALID_OPTION',
        subject: 'pageSize',
      })
      assert.deepEqual(asked, [])
    })
  }
})

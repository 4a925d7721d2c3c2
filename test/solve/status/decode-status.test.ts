import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { moby } from '../../../src/gen/buildkit.js'
import { decodeStatus } from '../../../src/solve/status/decode-status.ts'

const { StatusResponse } = moby.buildkit.v1
type Properties = Parameters<typeof StatusResponse.encode>[0]
const json = (message: Properties) => JSON.stringify(decodeStatus(StatusResponse.encode(message).finish()))
const at = (seconds: number, nanos: number) => ({ seconds, nanos })

describe('decodeStatus', () => {
  it('prints an empty update as an empty object', () => {
    assert.equal(json({}), '{}')
  })

  it('prints a vertex with the keys, order and times of the Go client', () => {
    const vertex = {
      digest: 'sha256:1',
      inputs: ['sha256:0'],
      name: 'RUN <x>',
      cached: true,
      started: at(1704164645, 123456789),
      completed: at(1704164646, 120000000),
      error: 'bad',
      progressGroup: { id: 'g', name: 'group', weak: true },
    }
    assert.equal(
      json({ vertexes: [vertex, {}] }),
      '{"vertexes":[{"digest":"sha256:1","inputs":["sha256:0"],"name":"RUN <x>",' +
        '"started":"2024-01-02T03:04:05.123456789Z","completed":"2024-01-02T03:04:06.12Z","cached":true,' +
        '"error":"bad","progressGroup":{"id":"g","name":"group","weak":true}},{}]}',
    )
  })

  it('always prints id, current and timestamp of an item, and total only when known', () => {
    assert.equal(
      json({
        statuses: [
          {
            ID: 'layer',
            vertex: 'v',
            name: 'n',
            current: 5,
            total: 9,
            timestamp: at(1, 0),
            started: at(1, 5000),
          },
          {},
        ],
      }),
      '{"statuses":[{"id":"layer","vertex":"v","name":"n","total":9,"current":5,"timestamp":"1970-01-01T00:00:01Z",' +
        '"started":"1970-01-01T00:00:01.000005Z"},{"id":"","current":0,"timestamp":"1970-01-01T00:00:00Z"}]}',
    )
  })

  it('prints log bytes as base64, and none as null', () => {
    assert.equal(
      json({ logs: [{ vertex: 'v', stream: 2, msg: Buffer.from([0, 255, 10]), timestamp: at(0, 1) }, {}] }),
      '{"logs":[{"vertex":"v","stream":2,"data":"AP8K","timestamp":"1970-01-01T00:00:00.000000001Z"},' +
        '{"data":null,"timestamp":"1970-01-01T00:00:00Z"}]}',
    )
  })

  it('prints a warning with its source and ranges', () => {
    const warning = {
      vertex: 'v',
      level: 1,
      short: Buffer.from('short'),
      detail: [Buffer.from('more')],
      url: 'https://example.test',
      info: { filename: 'Dockerfile', data: Buffer.from('FROM x'), language: 'Dockerfile' },
      ranges: [{ start: { line: 1 }, end: { line: 1, character: 2 } }],
    }
    assert.equal(
      json({ warnings: [warning] }),
      '{"warnings":[{"vertex":"v","level":1,"short":"c2hvcnQ=","detail":["bW9yZQ=="],"url":"https://example.test",' +
        '"sourceInfo":{"filename":"Dockerfile","data":"RlJPTSB4","language":"Dockerfile"},' +
        '"range":[{"start":{"line":1},"end":{"line":1,"character":2}}]}]}',
    )
  })

  it('prints the definition behind a warning’s source, its maps in the order of their keys', () => {
    const definition = {
      def: [Buffer.from('op')],
      metadata: {
        'sha256:b': { description: { 'llb.customname': 'n' }, caps: { b: true, a: true } },
        'sha256:a': { ignore_cache: true, export_cache: { Value: true }, progress_group: { id: 'g' } },
      },
      Source: {
        locations: {
          'sha256:b': {},
          'sha256:a': { locations: [{ sourceIndex: 1, ranges: [{ start: { line: 3 }, end: {} }] }] },
        },
        infos: [{ filename: 'f' }],
      },
    }
    assert.equal(
      json({ warnings: [{ info: { definition } }] }),
      '{"warnings":[{"sourceInfo":{"definition":{"def":["b3A="],"metadata":{"sha256:a":{"ignore_cache":true,' +
        '"export_cache":{"Value":true},"progress_group":{"id":"g"}},"sha256:b":{"description":{"llb.customname":"n"},' +
        '"caps":{"a":true,"b":true}}},"Source":{"locations":{"sha256:a":{"locations":[{"sourceIndex":1,"ranges":[' +
        '{"start":{"line":3},"end":{}}]}]},"sha256:b":{}},"infos":[{"filename":"f"}]}}}}]}',
    )
  })

  it('keeps large counts and survives a time beyond all calendars', () => {
    const status = decodeStatus(
      StatusResponse.encode({ statuses: [{ current: 2 ** 50, timestamp: at(2 ** 52, 0) }] }).finish(),
    )
    assert.equal(status.statuses![0]!.current, 2 ** 50)
    assert.equal(status.statuses![0]!.timestamp, '1970-01-01T00:00:00Z')
  })
})

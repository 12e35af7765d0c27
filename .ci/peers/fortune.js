// A server of Fortune with organizations in memory, for .ci/peers/run. Its modules are those of the example of the conformance suite.
'use strict'

const http = require('http')
const fortune = require('fortune')
const fortuneHTTP = require('fortune-http')
const jsonApi = require('fortune-json-api')

const [port, organizations] = process.argv.slice(2).map(Number)

const store = fortune({
  organization: {
    name: String,
    slug: String,
    kind: String,
    description: String,
    number: Number,
    isEventProducer: Boolean,
    locationTracking: Boolean,
    created: Date,
    updated: Date,
    parent: ['organization', 'children'],
    children: [Array('organization'), 'parent']
  }
})

const records = Array.from({ length: organizations }, (_, n) => ({
  name: `Organization ${n}`,
  slug: `organization-${n}`,
  kind: 'company',
  description: 'Serves customers in more than twenty countries.',
  number: n,
  isEventProducer: true,
  locationTracking: false,
  created: new Date(),
  updated: new Date()
}))

const listener = fortuneHTTP(store, { serializers: [[jsonApi, { inflectType: true }]] })

store.create('organization', records).then(() =>
  http.createServer((request, response) => listener(request, response).catch(() => {})).listen(port, '127.0.0.1'))

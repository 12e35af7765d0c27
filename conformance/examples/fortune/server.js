// A library of articles, people and tags, kept in memory by Fortune and served as its documentation shows.
'use strict'

const http = require('http')
const fortune = require('fortune')
const fortuneHTTP = require('fortune-http')
const jsonApi = require('fortune-json-api')

const host = '127.0.0.1'
const port = Number(process.env.PORT || 8082)

const store = fortune({
  article: {
    title: String,
    body: String,
    author: ['person', 'articles'],
    tags: [Array('tag'), 'articles']
  },
  person: {
    name: String,
    articles: [Array('article'), 'author']
  },
  tag: {
    name: String,
    articles: [Array('article'), 'tags']
  }
})

const listener = fortuneHTTP(store, { serializers: [[jsonApi, { inflectType: true }]] })

const server = http.createServer((request, response) => listener(request, response).catch(() => {}))

server.listen(port, host, () => console.log(`listening on http://${host}:${port}`))

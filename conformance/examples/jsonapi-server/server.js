// A library of articles, people and tags, kept in memory by jsonapi-server as its documentation shows.
'use strict'

const express = require('express')
const jsonApi = require('jsonapi-server')

const host = '127.0.0.1'
const port = Number(process.env.PORT || 8081)
const app = express()

jsonApi.setConfig({ protocol: 'http', hostname: host, port, base: 'api', router: app })

const { Joi, MemoryHandler } = jsonApi

jsonApi.define({
  namespace: 'library',
  resource: 'articles',
  handlers: new MemoryHandler(),
  attributes: {
    title: Joi.string().required(),
    body: Joi.string().allow(null),
    author: Joi.one('people'),
    tags: Joi.many('tags')
  }
})

jsonApi.define({
  namespace: 'library',
  resource: 'people',
  handlers: new MemoryHandler(),
  attributes: {
    name: Joi.string().required(),
    articles: Joi.belongsToMany({ resource: 'articles', as: 'author' })
  }
})

jsonApi.define({
  namespace: 'library',
  resource: 'tags',
  handlers: new MemoryHandler(),
  attributes: {
    name: Joi.string().required(),
    articles: Joi.belongsToMany({ resource: 'articles', as: 'tags' })
  }
})

jsonApi.start()
app.listen(port, host, () => console.log(`listening on http://${host}:${port}/api`))

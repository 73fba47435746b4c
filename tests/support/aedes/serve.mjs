// aedes as the tests start it: `node serve.mjs PORT USER PASSWORD`. Anonymous clients are let in, the user only with the password.
import net from 'node:net'
import { Aedes } from 'aedes'

const [port, user, password] = process.argv.slice(2)
const broker = await Aedes.createBroker({
  authenticate (client, name, given, done) {
    if (!name || (name === user && given?.toString() === password)) return done(null, true)
    done(Object.assign(new Error('refused'), { returnCode: 4 }), false)
  }
})
net.createServer({ noDelay: true }, broker.handle).listen(Number(port), '127.0.0.1')

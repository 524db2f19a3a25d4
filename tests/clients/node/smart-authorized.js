// A session of SMART's fhirclient that authorizes itself: a standalone launch, with PKCE, at the
// authorization server that the FHIR base names. Prints what it saw.
const smart = require("fhirclient");

const store = {};
const storage = {
  get: async (key) => store[key],
  set: async (key, value) => (store[key] = value),
  unset: async (key) => delete store[key],
};

// The app as a server sees it: one request of the browser, at this address.
function at(url) {
  const where = new URL(url);
  const request = { headers: { host: where.host }, url: where.pathname + where.search, socket: {} };
  return smart(request, {}, storage);
}

// What a person does on the page: chooses a patient and allows the app.
async function chosen(authorizeUrl, patient) {
  const page = await fetch(authorizeUrl, { redirect: "manual" });
  const html = await page.text();
  const field = (name) => new RegExp(`name="?${name}"? value="([^"]+)"`).exec(html)[1];
  const action = /action="([^"]+)"/.exec(html)[1];
  const answer = await fetch(action, {
    method: "POST",
    redirect: "manual",
    headers: { Origin: new URL(action).origin, Cookie: page.headers.get("set-cookie").split(";")[0] },
    body: new URLSearchParams({
      csrf_token: field("csrf_token"),
      ticket: field("ticket"),
      patient,
      answer: "allow",
    }),
  });
  return answer.headers.get("location");
}

async function main(iss, clientId, redirectUri) {
  const authorizeUrl = await at(redirectUri).authorize({
    iss,
    clientId,
    redirectUri,
    scope: "openid fhirUser launch/patient offline_access patient/*.read",
    noRedirect: true,
  });
  const seen = { challenge: new URL(authorizeUrl).searchParams.get("code_challenge_method") };
  const client = await at(await chosen(authorizeUrl, "p1")).ready();
  seen.patient = client.patient.id;
  seen.user = client.user.fhirUser.replace(iss, "");
  seen.results = (await client.patient.request("Observation")).total;
  seen.others = (await client.request("Observation?patient=p2")).total;
  try {
    await client.request("Observation/g01");
  } catch (error) {
    seen.anothers = error.status || error.statusCode;
  }
  try {
    await client.create({ resourceType: "Condition", subject: { reference: "Patient/p1" } });
  } catch (error) {
    seen.written = error.status || error.statusCode;
  }
  const before = client.state.tokenResponse.access_token;
  await client.refresh();
  seen.refreshed = client.state.tokenResponse.access_token !== before;
  seen.again = (await client.patient.request("Observation")).total;
  return seen;
}

main(...process.argv.slice(2)).then((seen) => console.log(JSON.stringify(seen)));

// The pages that mails lead to. The token is in the fragment, which browsers send to nobody; it is taken out of the address at once, so that
// it stays in no history, and is sent to the API alone.
"use strict";

const root = "/public/v2/";
const page = document.querySelector("main").dataset.page;
const status = document.getElementById("status");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname);

// say tells what happened, to who sees the page and to who hears it.
function say(text, wrong) {
  status.textContent = text;
  status.className = wrong ? "wrong" : "";
  status.focus();
}

// show makes some of the forms visible, and hides the others.
function show(...ids) {
  for (const form of document.forms) form.hidden = !ids.includes(form.id);
}

// post sends a document to the API. It returns what is wrong, as a list of errors; an empty one is success.
async function post(path, body) {
  try {
    const answer = await fetch(root + path, {
      method: "POST",
      headers: { "Content-Type": "application/vnd.api+json", Accept: "application/vnd.api+json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) return [];
    return (await answer.json()).errors;
  } catch {
    return [{ code: "unreachable", detail: "The service cannot be reached. Try again." }];
  }
}

// words returns the sentences of errors.
const words = (errors) => errors.map((e) => e.detail || e.title).join(" ");

// onSubmit lets a form do something with what is in it, once at a time.
function onSubmit(id, act) {
  const form = document.getElementById(id);
  if (!form) return;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    await act(Object.fromEntries(new FormData(form)));
    button.disabled = false;
  });
}

// end shows that there is nothing more to do here.
function end(text, wrong) {
  show();
  say(text, wrong);
}

const dead = "This link does not work: it was used, or taken back, or its time is over.";

// accept answers the invitation as who is signed in, or as somebody new.
async function accept(profile) {
  const errors = await post("invitations/accept", { meta: { token, ...profile } });
  const code = errors.length && errors[0].code;
  if (!code) return end("You are a member now.");
  if (code === "not_found") return end(dead, true);
  if (code === "unauthenticated") {
    show("known", "decline");
    return say("There is an account with your address: sign in to join.", true);
  }
  say(words(errors), true);
}

onSubmit("new", accept);

onSubmit("known", async (fields) => {
  if (!fields.totp) delete fields.totp;
  const errors = await post("sessions", { data: { type: "sessions", attributes: fields } });
  if (errors.length === 0) return accept({});
  if (errors[0].code === "second_factor_required") document.getElementById("second").hidden = false;
  say(words(errors), true);
});

onSubmit("decline", async () => {
  const errors = await post("invitations/decline", { meta: { token } });
  if (errors.length === 0) return end("You have declined the invitation.");
  end(errors[0].code === "not_found" ? dead : words(errors), true);
});

onSubmit("set", async (fields) => {
  const errors = await post("passwordResets/confirm", { meta: { token, ...fields } });
  if (errors.length === 0) return end("Your password is set. Sign in with it.");
  if (errors[0].code !== "not_found") return say(words(errors), true);
  show("ask");
  say(dead + " You can have another one sent.", true);
});

onSubmit("ask", async (fields) => {
  const errors = await post("passwordResets", { data: { type: "passwordResets", attributes: fields } });
  if (errors.length > 0) return say(words(errors), true);
  end("If there is an account with that address, a link is on its way to it.");
});

if (page === "invitation" && token) {
  show("new", "known", "decline");
  say("You are asked to join an organization.");
} else if (page === "invitation") {
  end("Open the link of your invitation as it was sent to you.", true);
} else if (token) {
  show("set");
  say("Choose a password that you use nowhere else.");
} else {
  show("ask");
  say("Tell us your address, and we send you a link.");
}

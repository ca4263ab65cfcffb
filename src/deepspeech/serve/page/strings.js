// Every text of the page, in every language. `t(key, values)` looks one up.

const STRINGS = {
  en: {
    lead: "Press the button and speak.",
    drop: "Or open a recording, or drop it on this page.",
    private: "Sound goes to this server only. It is transcribed in memory and not kept.",
    dropHere: "Drop the recording",
    speak: "Speak", stop: "Stop", file: "Open a file", options: "Options",
    model: "Model", phrases: "Hot phrases",
    phrasesHint: "One per line: names and terms to expect. “name:2” is stronger. They apply from the next recording.",
    token: "Access token",
    level: "Microphone level", clock: "Recorded so far",
    microphone: "Microphone, {time}",
    play: "Play", pause: "Pause", again: "Transcribe again with the current options", remove: "Remove",
    download: "Download", downloadAs: "Download as {form}",
    hear: "Click a word to hear it.", legend: "How sure:", sure: "sure", fair: "fairly", poor: "hardly",
    heard: "{word}: {percent} sure, at {time}", words: "Words of {name}; arrow keys move, Enter plays",
    listening: "Listening…", sending: "Sending…", working: "Transcribing…", silent: "No speech was recognized.",
    languageButton: "Français", otherLanguage: "fr",
    noMicrophone: "No microphone was found. Connect one, or open a file.",
    refused: "The browser may not use the microphone. Allow it in the address bar, then press the button again.",
    busyMicrophone: "Another program is using the microphone, or it cannot be read.",
    insecure: "Browsers give the microphone only to pages over HTTPS or from this machine (localhost). Files work.",
    full: "The server is busy. Try again in a few seconds.",
    draining: "The server is about to stop. Try again in a minute.",
    lost: "The connection was lost. Your recording is kept: transcribe it again with ↻.",
    unreachable: "The server does not answer. Check that it is running, and try again.",
    tokenNeeded: "This server needs a valid access token. Enter it below.",
    unreadable: "This file is no sound that the server or this browser can read.",
    tooLarge: "This recording is larger or longer than the server takes.",
    idle: "The server heard nothing for a while and ended the stream.",
    recordingNow: "Stop recording first.",
    other: "The server says: {message}",
  },
  fr: {
    lead: "Appuyez sur le bouton et parlez.",
    drop: "Ou ouvrez un enregistrement, ou déposez-le sur cette page.",
    private: "Le son ne va qu’à ce serveur. Il est transcrit en mémoire et n’est pas conservé.",
    dropHere: "Déposez l’enregistrement",
    speak: "Parler", stop: "Arrêter", file: "Ouvrir", options: "Options",
    model: "Modèle", phrases: "Expressions attendues",
    phrasesHint: "Une par ligne : noms et termes attendus. « nom:2 » est plus fort. Valable dès le prochain enregistrement.",
    token: "Jeton d’accès",
    level: "Niveau du micro", clock: "Durée enregistrée",
    microphone: "Micro, {time}",
    play: "Écouter", pause: "Pause", again: "Transcrire de nouveau avec les options actuelles", remove: "Retirer",
    download: "Télécharger", downloadAs: "Télécharger en {form}",
    hear: "Cliquez sur un mot pour l’entendre.", legend: "Certitude :", sure: "sûr", fair: "assez sûr", poor: "peu sûr",
    heard: "{word} : sûr à {percent}, à {time}", words: "Mots de {name} ; flèches pour se déplacer, Entrée pour écouter",
    listening: "J’écoute…", sending: "Envoi…", working: "Transcription…", silent: "Aucune parole reconnue.",
    languageButton: "English", otherLanguage: "en",
    noMicrophone: "Aucun micro trouvé. Branchez-en un, ou ouvrez un fichier.",
    refused: "Le navigateur n’a pas accès au micro. Autorisez-le dans la barre d’adresse, puis appuyez de nouveau.",
    busyMicrophone: "Un autre programme utilise le micro, ou il est illisible.",
    insecure: "Les navigateurs n’ouvrent le micro qu’aux pages en HTTPS ou de cette machine (localhost). Les fichiers marchent.",
    full: "Le serveur est occupé. Réessayez dans quelques secondes.",
    draining: "Le serveur va s’arrêter. Réessayez dans une minute.",
    lost: "La connexion est perdue. Votre enregistrement est gardé : transcrivez-le de nouveau avec ↻.",
    unreachable: "Le serveur ne répond pas. Vérifiez qu’il fonctionne, puis réessayez.",
    tokenNeeded: "Ce serveur demande un jeton d’accès valable. Saisissez-le ci-dessous.",
    unreadable: "Ni le serveur ni ce navigateur ne savent lire le son de ce fichier.",
    tooLarge: "Cet enregistrement est plus gros ou plus long que ce que le serveur accepte.",
    idle: "Le serveur n’a rien reçu depuis un moment et a terminé le flux.",
    recordingNow: "Arrêtez d’abord l’enregistrement.",
    other: "Le serveur répond : {message}",
  },
};

const wanted = [localStorage.getItem("language"), ...navigator.languages.map((one) => one.slice(0, 2))];
let language = wanted.find((one) => one in STRINGS) ?? "en";

export function t(key, values = {}) {
  return STRINGS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Write the texts of all elements with data-text below `root`. */
export function translate(root = document) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
}

export function switchLanguage() {
  language = language === "en" ? "fr" : "en";
  localStorage.setItem("language", language);
  translate();
}

export const percent = (share) => new Intl.NumberFormat(language, { style: "percent" }).format(share);
export const timeOfDay = (date) => new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" }).format(date);

/** 75.2 → "1:15" */
export function minutes(seconds) {
  const whole = Math.floor(seconds), hours = Math.floor(whole / 3600);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  return (hours ? [hours, ...parts] : [Number(parts[0]), parts[1]]).join(":");
}

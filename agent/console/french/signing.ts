/**
 * Signatures on revisions: making, checking and refusing them.
 *
 * Owns the French of these sentences.
 */
import type { Pairs } from './pairs.ts';

export const SIGNING: Pairs = [
  // Commands and their options.
  ['a new key pair to sign revisions with', 'une nouvelle paire de clés pour signer des révisions'],
  ['where the private key goes; a file that exists is never replaced', "où va la clé privée ; un fichier existant n'est jamais remplacé"],
  ['ask for a passphrase and encrypt the private key with it', 'demander une phrase secrète et chiffrer la clé privée avec'],
  ['approve a file as a revision, offline, for a time', 'approuver un fichier comme révision, hors ligne, pour un temps'],
  ['the cabinet file exactly as it will be sent', "le fichier d'armoire exactement comme il sera envoyé"],
  ['the cabinet file', "le fichier d'armoire"],
  ['the private key, from config keygen or openssl (PEM, Ed25519)', 'la clé privée, de config keygen ou openssl (PEM, Ed25519)'],
  ["where it may be applied; '*' for every cabinet", "où elle peut s'appliquer ; '*' pour toute armoire"],
  ['until when it may be applied, 1h to 366d (default: 30d)', "jusqu'à quand elle peut s'appliquer, 1h à 366d (sinon 30d)"],
  ['a device type that goes with it; all of them are signed', "un type d'appareil qui l'accompagne ; tous sont signés"],
  ['where the signature goes (default: the file with .sig behind it)', 'où va la signature (sinon le fichier suivi de .sig)'],
  ['check a signature on a file as a cabinet would', 'vérifier une signature sur un fichier comme une armoire'],
  ['a public key: as in trust.revisionKeys, or a PEM file', 'une clé publique : comme dans trust.revisionKeys, ou un fichier PEM'],
  ['the signature (default: the file with .sig behind it)', 'la signature (sinon le fichier suivi de .sig)'],
  ['for this cabinet (default: the first that it names)', "pour cette armoire (sinon la première qu'elle nomme)"],
  ['on the whole candidate, from config sign', 'sur toute la candidate, de config sign'],
  // Their answers.
  [
    'Wrote the private key to {path}: keep it on the desk, never on a cabinet',
    'Clé privée écrite dans {path} : la garder au bureau, jamais sur une armoire',
  ],
  [
    'The public half, for trust.revisionKeys of each cabinet file',
    "La moitié publique, pour trust.revisionKeys de chaque fichier d'armoire",
  ],
  ['{path} exists already: a key is never replaced, choose another name', '{path} existe déjà : une clé ne se remplace pas, autre nom'],
  ['Signed {path} for {words}, until {date}: {file}', "{path} signé pour {words}, jusqu'au {date} : {file}"],
  ['{path} is signed by {text} for {words}', '{path} est signé par {text} pour {words}'],
  ['every cabinet', 'toute armoire'],
  ["--cabinet is missing: name each cabinet, or say '*' for every one", "--cabinet manque : nommer chaque armoire, ou '*' pour toutes"],
  [
    '--key is missing: give a public key, as in trust.revisionKeys, or its PEM file',
    '--key manque : donner une clé publique, comme dans trust.revisionKeys, ou son fichier PEM',
  ],
  ['--{word} is missing', '--{word} manque'],
  [
    "bad --cabinet: up to 100 ids as in cabinet.yaml, or '*' alone",
    "--cabinet fautif : jusqu'à 100 noms comme dans cabinet.yaml, ou '*' seul",
  ],
  [
    'a passphrase needs a terminal: run this command in one',
    'une phrase secrète demande un terminal : lancez cette commande dans un terminal',
  ],
  [
    'the passphrase of this key needs a terminal: run this command in one',
    'la phrase secrète de cette clé demande un terminal : lancez cette commande dans un terminal',
  ],
  ['a passphrase has {n} characters at least; no key was made', 'une phrase secrète a {n} caractères au moins ; aucune clé faite'],
  ['{path} is no private key that can sign', "{path} n'est pas une clé privée qui puisse signer"],
  ['the passphrase is wrong, or it is no Ed25519 key', "phrase secrète fausse, ou ce n'est pas une clé Ed25519"],
  ['make one with `luciole config keygen`', 'en faire une avec `luciole config keygen`'],
  [
    '{text} is no Ed25519 public key: give its base64, or a PEM file',
    "{text} n'est pas une clé publique Ed25519 : donner son base64, ou un PEM",
  ],
  ['{path} is larger than {n} bytes: check that it is the right file', "{path} dépasse {n} octets : vérifier que c'est le bon fichier"],
  ['{path} is not UTF-8 text', "{path} n'est pas un texte UTF-8"],
  [
    '{path} cannot be read or written ({code}): check its path and mode',
    '{path} ne peut être lu ou écrit ({code}) : vérifier chemin et droits',
  ],
  // Why a signature does not count.
  ['this is no signature of `luciole config sign`', "ce n'est pas une signature de `luciole config sign`"],
  ['the key that signed it is not one of trust.revisionKeys', "la clé qui l'a signée n'est pas de trust.revisionKeys"],
  ['the signature was changed, or made with another key', 'la signature a été changée, ou faite avec une autre clé'],
  [
    'the signature is for other files: sign exactly what is sent, with its profiles',
    "la signature est pour d'autres fichiers : signer exactement ce qui est envoyé, avec ses profils",
  ],
  ['the signature is for other cabinets', "la signature est pour d'autres armoires"],
  [
    'the clock is not trusted, so the end of the signature cannot be judged: try again once it is',
    "l'horloge n'est pas fiable, la fin de la signature ne peut être jugée : réessayer quand elle l'est",
  ],
  [
    'the signature was made in the future: check the clocks of the cabinet and of the desk',
    "la signature est faite dans l'avenir : vérifier les horloges de l'armoire et du bureau",
  ],
  ['the signature has expired: sign the files again', 'la signature a expiré : signer à nouveau les fichiers'],
  [
    'a newer signature was accepted before, or this one is used up: sign the files again, which gives a higher serial',
    'une signature plus récente a déjà été acceptée, ou celle-ci a déjà servi : signer à nouveau les fichiers, ce qui donne un numéro plus élevé',
  ],
  ['{file} has at most {n} characters', '{file} a au plus {n} caractères'],
  // The cabinet file.
  [
    'an Ed25519 public key in base64, 44 or 60 characters, as `luciole config keygen` prints it',
    "une clé publique Ed25519 en base64, 44 ou 60 caractères, comme `luciole config keygen` l'affiche",
  ],
  [
    'no Ed25519 public key; copy the line that `luciole config keygen` printed',
    'pas une clé publique Ed25519 ; copier la ligne que `luciole config keygen` a affichée',
  ],
  ['there are two revision keys "{text}"', 'il y a deux clés de révision "{text}"'],
  ['this revision key stands twice; each person needs a key of their own', 'cette clé de révision est deux fois ; à chacun la sienne'],
  [
    '"{text}" is where consoles log in, and this socket asks for no login: leave it out, or write /run/luciole/agent.sock',
    '"{text}" est là où les consoles s\'identifient, et cette socket ne demande rien : l\'ôter, ou écrire /run/luciole/agent.sock',
  ],
  [
    '{path} is where consoles log in, and this socket asks for no login: choose another place',
    "{path} est là où les consoles s'identifient, et cette socket ne demande rien : choisir un autre endroit",
  ],
  ['Of its holder, as events name it.', 'De son titulaire, comme les événements le nomment.'],
  [
    'Public Ed25519 key in base64, as luciole config keygen prints it; its private half never lies here.',
    "Clé publique Ed25519 en base64, comme luciole config keygen l'affiche ; sa moitié privée n'est jamais ici.",
  ],
];

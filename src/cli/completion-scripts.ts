/**
 * What `leader-run completion SHELL` prints: for each shell a function that asks leader-run itself, by
 * `leader-run completion complete WORDS`, and shows what it answers (`completion.ts`).
 */

// bash splits words at "=" and ":", which are put together again; it is given what stands behind the last of them.
const bash = `# bash completion of leader-run
_leader_run() {
  local words=() word glued= piece=\${COMP_WORDS[COMP_CWORD]} line first n at
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ \${#words[@]} -gt 0 && ( $word == [=:] || $glued ) ]]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    glued=
    [[ $word != [=:] ]] || glued=yes
  done
  [[ $piece != [=:] ]] || piece=
  COMPREPLY=()
  n=$((\${#words[@]} - 1))
  at=$((\${#words[n]} - \${#piece}))
  while IFS= read -r line; do
    if [[ ! $first ]]; then
      first=$line
      continue
    fi
    line=\${line%%$'\\t'*}
    COMPREPLY+=("$(printf %q "\${line:at}")")
  done < <("\${1/#\\~/$HOME}" completion complete "\${words[@]}" 2>/dev/null </dev/null)
  case $first in
  :files) compopt -o default ;;
  ":command $n") COMPREPLY=($(compgen -c -- "$piece")) ;;
  :command*)
    at=$((COMP_CWORD - n + \${first#* }))
    if declare -F _command_offset >/dev/null; then _command_offset "$at"; else compopt -o default; fi
    ;;
  esac
}
complete -F _leader_run leader-run
`;

const zsh = `#compdef leader-run
_leader_run() {
  local -a answer offers
  local line
  answer=("\${(@f)$("\${(Q)words[1]/#\\~/$HOME}" completion complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
  case $answer[1] in
  :files) _files ;;
  :command*)
    shift $((\${answer[1]#* } + 1)) words
    ((CURRENT -= \${answer[1]#* } + 1))
    _normal
    ;;
  *)
    for line in "\${(@)answer[2,-1]}"; do
      [[ $line != *$'\\t'* ]] && offers+=("\${line//:/\\\\:}") && continue
      offers+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    done
    _describe -V leader-run offers
    ;;
  esac
}
if [[ $funcstack[1] == _leader-run ]]; then _leader_run; else compdef _leader_run leader-run; fi
`;

const fish = `# fish completion of leader-run
function __leader_run_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l answer ($words[1] completion complete $words[2..-1] 2>/dev/null </dev/null)
  switch "$answer[1]"
    case :files
      __fish_complete_path $words[-1]
    case ':command *'
      set -l begin (math (string replace ':command ' '' $answer[1]) + 2)
      complete -C (string join ' ' -- (string escape -- $words[$begin..-2]) $words[-1])
    case '*'
      printf '%s\\n' $answer[2..-1]
  end
end
complete -c leader-run -k -f -a '(__leader_run_complete)'
`;

export const completionScripts = { bash, zsh, fish } as const;

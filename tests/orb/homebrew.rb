# Homebrew's words, as far as the formula uses them: what it would download for each machine, and what it installs from the
# working folder. What is not there ends it. tests/orb/releases.rs runs it: ruby homebrew.rb FORMULA
class Formula
  FOUND = {}

  class << self
    def desc(text)
      raise "#{text.length} letters" if text.length > 80
    end

    def homepage(_) = nil

    def license(_) = nil

    def test = nil

    def version(version)
      FOUND["version"] = version
    end

    def on_macos
      @system = "macos"
      yield
    end

    def on_linux
      @system = "linux"
      yield
    end

    def on_arm
      @processor = "arm"
      yield
    end

    def on_intel
      @processor = "intel"
      yield
    end

    def url(url)
      FOUND["#{@system} #{@processor}"] = url
    end

    def sha256(sum)
      FOUND["#{@system} #{@processor}"] += " #{sum}"
    end
  end

  # Where something is installed.
  class Folder
    def install(*all)
      all.flat_map { |one| one.is_a?(Hash) ? one.keys : one }.each do |name|
        raise "#{name} is not in the archive" unless File.exist?(name)

        puts "installs #{name}"
      end
    end
  end

  %i[bin man1 bash_completion fish_completion zsh_completion pkgshare].each do |name|
    define_method(name) { Folder.new }
  end
end

load ARGV[0]
Formula::FOUND.each { |name, value| puts "#{name}: #{value}" }
VerifyRegistryImage.new.install
